package cli

import "testing"

func TestAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", []string{"release", "shop", "r:2"}, "orgship rollback shop"},
		{"account and role", []string{"release", "shop", "r:2", "--account", "dev-1", "--expect-body", "x", "--role=deploy"}, "orgship rollback shop --account dev-1 --role=deploy"},
		{"what needs quotes", []string{"release", "--credentials", "my file", "shop"}, "orgship rollback shop --credentials 'my file'"},
		{"a password of the endpoint", []string{"--endpoint", "http://me:canary@127.0.0.1:1"}, "orgship rollback shop --endpoint http://me@127.0.0.1:1"},
		{"a quote", []string{"--account=a'b"}, `orgship rollback shop '--account=a'\''b'`},
		{"a value that looks like a flag's name", []string{"--expect-body", "x", "--", "--account", "dev-1"}, "orgship rollback shop"},
		{"a flag without its value", []string{"--account"}, "orgship rollback shop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := again(test.args, "rollback", "shop"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
