package codebuild

import "orgship/sandbox/wire"

// Wire is the room as clients see it.
func (s *Service) Wire() wire.Service {
	settings := wire.Optional("Description", "SourceVersion", "Cache", "TimeoutInMinutes", "QueuedTimeoutInMinutes", "EncryptionKey",
		"Tags", "BadgeEnabled", "LogsConfig", "ConcurrentBuildLimit")
	parts := []string{"Source", "Artifacts", "Environment", "ServiceRole"}
	return wire.Service{
		Name:         "codebuild",
		Protocol:     wire.JSON11,
		Words:        wire.Words{Outside: "InvalidInputException"},
		TargetPrefix: "CodeBuild_20161006",
		Operations: []wire.Operation{
			wire.Op("CreateProject", s.CreateProject, wire.Required("Name"), wire.Required(parts...), settings),
			wire.Op("UpdateProject", s.UpdateProject, wire.Required("Name"), wire.Optional(parts...), settings),
			wire.Op("DeleteProject", s.DeleteProject, wire.Required("Name"), wire.Length("Name", 1, 255)),
			wire.Op("BatchGetProjects", s.BatchGetProjects, wire.Required("Names")),
			wire.Op("ListProjects", s.ListProjects, wire.Optional("SortBy", "SortOrder", "NextToken")),
			wire.Op("StartBuild", s.StartBuild, wire.Required("ProjectName"),
				wire.Optional("SourceVersion", "EnvironmentVariablesOverride", "BuildspecOverride", "IdempotencyToken")),
			wire.Op("StopBuild", s.StopBuild, wire.Required("Id")),
			wire.Op("BatchGetBuilds", s.BatchGetBuilds, wire.Required("Ids")),
			wire.Op("ListBuilds", s.ListBuilds, wire.Optional("SortOrder", "NextToken")),
			wire.Op("ListBuildsForProject", s.ListBuildsForProject, wire.Required("ProjectName"), wire.Optional("SortOrder", "NextToken")),
			wire.Op("ListReportGroups", s.ListReportGroups, wire.Optional("SortBy", "SortOrder", "MaxResults", "NextToken")),
			wire.Op("BatchGetReportGroups", s.BatchGetReportGroups, wire.Required("ReportGroupArns")),
			wire.Op("ListReportsForReportGroup", s.ListReportsForReportGroup, wire.Required("ReportGroupArn"),
				wire.Optional("SortOrder", "Filter", "MaxResults", "NextToken")),
			wire.Op("BatchGetReports", s.BatchGetReports, wire.Required("ReportArns")),
			wire.Op("DescribeTestCases", s.DescribeTestCases, wire.Required("ReportArn"), wire.Optional("Filter", "MaxResults", "NextToken")),
		},
	}
}
