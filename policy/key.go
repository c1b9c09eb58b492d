package policy

import "strings"

// globalKeys are the condition keys that AWS has for requests to any service, but
// for those of tags:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var globalKeys = strings.Fields(`
	aws:PrincipalArn aws:PrincipalAccount aws:PrincipalOrgPaths aws:PrincipalOrgID aws:PrincipalIsAWSService
	aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalType aws:userid aws:username
	aws:AssumedRoot aws:FederatedProvider aws:TokenIssueTime aws:MultiFactorAuthAge aws:MultiFactorAuthPresent
	aws:ChatbotSourceArn aws:Ec2InstanceSourceVpc aws:Ec2InstanceSourcePrivateIPv4 aws:SourceIdentity
	aws:SourceIp aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp
	aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths
	aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:ViaAWSService aws:CurrentTime aws:EpochTime aws:Referer
	aws:RequestedRegion aws:TagKeys aws:SecureTransport aws:SourceAccount aws:SourceArn aws:SourceOrgID aws:SourceOrgPaths aws:UserAgent`)

// Meant returns the condition key that a misspelt one means, such as
// "aws:PrincipalOrgPaths" for "aws:PrincipalOrgPath"; "" for any other key, also
// for one that is new to this package.
func Meant(key string) string {
	key = strings.ToLower(key)
	if !strings.HasPrefix(key, "aws:") {
		return ""
	}
	short := strings.Replace(key, "organization", "org", 1)
	meant, least := "", 3 // letters that make it another key
	for _, k := range globalKeys {
		if strings.EqualFold(key, k) {
			return ""
		}
		if d := distance(short, strings.ToLower(k)); d < least {
			meant, least = k, d
		}
	}
	return meant
}

// distance is how many letters must be added, taken out or replaced to make b of
// a (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
