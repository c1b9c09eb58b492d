package cli

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"orgship/sandbox"
)

// profiles is an AWS config file with a profile for each account of a sandbox.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
type profiles struct{ file string }

// writeProfiles writes the file where it is asked for, else into the user's cache
// folder, or the one for temporary files, named by the sandbox's port.
func writeProfiles(file string, info sandbox.Info) (*profiles, error) {
	text := profilesOf(info)
	if file != "" {
		return write(file, text)
	}
	u, err := url.Parse(info.Endpoint)
	if err != nil {
		return nil, err
	}
	name := filepath.Join("orgship", "sandbox-"+u.Port()+".aws")
	if cache, err := os.UserCacheDir(); err == nil {
		if p, err := write(filepath.Join(cache, name), text); err == nil {
			return p, nil
		}
	}
	return write(filepath.Join(os.TempDir(), name), text)
}

func write(file, text string) (*profiles, error) {
	_ = os.Remove(file) // one that is there may be readable for others
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the AWS config file: %w", err)
	}
	return &profiles{file}, nil
}

func profilesOf(info sandbox.Info) string {
	var text strings.Builder
	for _, a := range info.Accounts {
		fmt.Fprintf(&text, "[profile %s]\nregion = %s\nendpoint_url = %s\naws_access_key_id = %s\n", profileName(a), info.Region, info.Endpoint, a.AccessKeyID)
		if a.SecretAccessKey != "" { // else whoever gave it has it
			fmt.Fprintf(&text, "aws_secret_access_key = %s\n", a.SecretAccessKey)
		}
		fmt.Fprintln(&text)
	}
	return text.String()
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// profileName is the account's name, or its id where the name can't be one of a profile.
func profileName(a sandbox.Account) string {
	if plainName.MatchString(a.Name) {
		return a.Name
	}
	return a.ID
}

// remove takes the file away: its keys are of use to nobody any more.
func (p *profiles) remove() { _ = os.Remove(p.file) }
