package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"orgship/pipeline/account"
	"orgship/sandbox"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/organizations"
)

// sandboxCommand is the verb sandbox.
type sandboxCommand struct {
	Listen       string            `default:"127.0.0.1:4566" placeholder:"ADDRESS" help:"Address to listen on, of loopback; port 0 picks a free one (${default})."`
	InContainer  bool              `help:"Allow to listen on 0.0.0.0: this is a container, which its engine alone reaches."`
	Speed        factor            `default:"60" help:"Divide all waits by this; 1 is real time (${default})."`
	Region       region            `default:"eu-west-1" help:"The region that the sandbox is (${default})."`
	Organization string            `placeholder:"FILE" help:"JSON file that describes the Organization, instead of the default one."`
	Credentials  string            `placeholder:"FILE" help:"Access key that the management account's administrator gets, as JSON of the credential_process format (- reads stdin); else one is made up. It isn't printed."`
	Source       map[string]string `mapsep:"none" placeholder:"URL=DIR" help:"Folder that CodeBuild's projects with that source location build. The commands of its buildspec run on this machine, as you. May be repeated."`
	Image        map[string]string `mapsep:"none" placeholder:"NAME=FILE" help:"Image that tasks can run besides those in ECR, such as httpd=httpd.tar: an OCI layout, an archive of one, or what docker save writes. May be repeated."`
	PullThrough  map[string]string `mapsep:"none" placeholder:"HOST=URL" help:"Registry from which tasks pull the images of another host, such as docker.io=http://127.0.0.1:5000, without a login. May be repeated."`
	Hook         map[string]string `mapsep:"none" placeholder:"NAME=ANSWER" help:"How a Lambda function that a lifecycle event of the blue/green hook names answers: succeeded, failed or timeout. The sandbox runs none. May be repeated."`
	CA           string            `name:"ca" placeholder:"FILE" help:"Write the certificate of the authority that signs what ACM issues, in PEM, for clients that are to trust it (SSL_CERT_FILE, curl --cacert)."`
	AWSConfig    string            `name:"aws-config" placeholder:"FILE" help:"Where to write an AWS config file with a profile for each account, which goes when the sandbox ends; else into the user's cache folder."`
	JSON         bool              `name:"json" help:"Print one line of JSON when ready: endpoint, accounts and their access keys, where tokens of GitHub Actions are issued, the authority's certificate."`
}

// closeTimeout is how long the sandbox may take to end what it runs.
const closeTimeout = 15 * time.Second

// Run serves a sandbox until the program is asked to end.
func (c *sandboxCommand) Run(p *running) error {
	organization, err := c.organization()
	if err != nil {
		return err
	}
	key, err := c.key(p)
	if err != nil {
		return err
	}
	answers, err := c.answers()
	if err != nil {
		return err
	}
	box, err := sandbox.New(sandbox.Options{
		Key:   key,
		Speed: float64(c.Speed), Region: string(c.Region), Organization: organization, InContainer: c.InContainer, Sources: c.Source,
		Images: c.Image, PullThrough: c.PullThrough, Hooks: answers, Runtime: p.Runtime, Log: slog.New(slog.NewTextHandler(p.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	if err := c.serve(p, box, key); err != nil {
		return errors.Join(err, closeBox(box))
	}
	return closeBox(box)
}

func (c *sandboxCommand) serve(p *running, box *sandbox.Sandbox, key *sandbox.Key) error {
	if err := box.Listen(c.Listen); err != nil {
		return err
	}
	if err := box.CanRunTasks(); err != nil {
		complain(p.Stderr, fmt.Errorf("services won't start here: %w", err), "")
	}
	if err := c.writeCA(box.CA()); err != nil {
		return err
	}
	info := known(box.Info(), key)
	written, err := writeProfiles(c.AWSConfig, info)
	if err != nil {
		return err
	}
	defer written.remove()
	if err := c.announce(p.Stdout, info, written.file); err != nil {
		return err
	}
	<-p.ctx.Done()
	fmt.Fprintln(p.Stderr, "orgship: ending the sandbox and all it runs; Ctrl-C again ends it at once")
	return nil
}

// writeCA writes the authority's certificate, if that is asked for.
func (c *sandboxCommand) writeCA(ca []byte) error {
	if c.CA == "" {
		return nil
	}
	if err := os.WriteFile(c.CA, ca, 0o644); err != nil { //nolint:gosec // a certificate is for others to read
		return fmt.Errorf("writing the authority's certificate: %w", err)
	}
	return nil
}

func closeBox(box *sandbox.Sandbox) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return box.Close(ctx)
}

// key reads the access key that the management account is to have; nil: none was given.
func (c *sandboxCommand) key(p *running) (*sandbox.Key, error) {
	if c.Credentials == "" {
		return nil, nil
	}
	source, err := p.read(c.Credentials, "credentials")
	if err != nil {
		return nil, err
	}
	provider, err := account.ParseCredentials(source)
	if err != nil {
		return nil, err
	}
	key, err := provider.Retrieve(p.ctx)
	if err != nil {
		return nil, err
	}
	if key.SessionToken != "" {
		return nil, &usageError{"the credentials have a session token: they are those of an account of AWS", "a sandbox takes an access key that you make up"}
	}
	return &sandbox.Key{ID: key.AccessKeyID, Secret: key.SecretAccessKey}, nil
}

// answers reads how functions answer.
func (c *sandboxCommand) answers() (map[string]codedeploy.Answer, error) {
	answers := map[string]codedeploy.Answer{}
	for function, text := range c.Hook {
		a, err := codedeploy.ParseAnswer(text)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--hook %s=%s: %v", function, text, err), fmt.Sprintf("orgship sandbox --hook %s=succeeded", function)}
		}
		answers[function] = a
	}
	return answers, nil
}

// known leaves out the secret that was given: whoever starts a sandbox with it has it.
func known(info sandbox.Info, given *sandbox.Key) sandbox.Info {
	for i, a := range info.Accounts {
		if given != nil && a.AccessKeyID == given.ID {
			info.Accounts[i].SecretAccessKey = ""
		}
	}
	return info
}

// organization reads the organization file; nil means the default.
func (c *sandboxCommand) organization() (*organizations.Organization, error) {
	if c.Organization == "" {
		return nil, nil
	}
	f, err := os.Open(c.Organization)
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, &organizationError{fmt.Errorf("reading organization file %q: %w", c.Organization, path.Err)}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := bounded(f, "organization file", strconv.Quote(c.Organization))
	if err != nil {
		return nil, err
	}
	o, err := organizations.Parse(source)
	if err != nil {
		return nil, &organizationError{err}
	}
	return o, nil
}

// organizationError is a file that is no organization.
type organizationError struct{ err error }

func (e *organizationError) Error() string { return e.err.Error() }
func (e *organizationError) Unwrap() error { return e.err }

// Hint says where the form of the file is.
func (e *organizationError) Hint() string {
	return "sandbox/README.md shows the form of an organization file; without --organization there is a default one"
}

// announce says where the sandbox is and how to get in.
func (c *sandboxCommand) announce(w io.Writer, info sandbox.Info, profiles string) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(struct {
			sandbox.Info
			AWSConfig string `json:"awsConfig"`
		}{info, profiles})
	}
	fmt.Fprintf(w, "The sandbox is at %s: region %s, %gx speed, organization %s, root %s.\n\n",
		info.Endpoint, info.Region, c.Speed, info.OrganizationID, info.RootID)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tNAME\tORG PATH\tVPC\tSUBNETS")
	for _, a := range info.Accounts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.ID, a.Name, a.OrgPath, a.VPCID, strings.Join(a.SubnetIDs, " "))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the accounts: %w", err)
	}
	fmt.Fprintf(w, "\nPaste this into a shell to be an account's administrator; AWS_PROFILE is the account's name:\n\n"+
		"  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_REGION AWS_DEFAULT_REGION\n"+
		"  export AWS_CONFIG_FILE='%s' AWS_PROFILE=%s ORGSHIP_SPEED=%g\n", profiles, profileName(info.Accounts[0]), c.Speed)
	fmt.Fprintf(w, "\nOr, for programs that know no profiles, this and then the line of the account:\n\n"+
		"  unset AWS_PROFILE AWS_SESSION_TOKEN\n"+
		"  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%s ORGSHIP_SPEED=%g\n\n", info.Endpoint, info.Region, info.Region, c.Speed)
	for _, a := range info.Accounts {
		secret := cmp.Or(a.SecretAccessKey, "(as you gave it)")
		fmt.Fprintf(w, "%s\n  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n", a.Name, a.AccessKeyID, secret)
	}
	fmt.Fprintf(w, "\nOr be a job of GitHub Actions, which has a token instead of a key:\n\n"+
		"  export ACTIONS_ID_TOKEN_REQUEST_TOKEN=%s\n  export ACTIONS_ID_TOKEN_REQUEST_URL='%s'\n",
		info.GitHub.RequestToken, info.GitHub.URL("repo:acme/app:ref:refs/heads/main"))
	_, err := fmt.Fprint(w, "\nCtrl-C ends it and everything in it.\n")
	return err
}
