// Stacks as somebody writes them with the CDK: a load-balanced Fargate service with a VPC of
// its own, and one whose deployments the blue/green hook makes. Both are for any account.
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecr = require('aws-cdk-lib/aws-ecr');
const ecs = require('aws-cdk-lib/aws-ecs');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const iam = require('aws-cdk-lib/aws-iam');
const patterns = require('aws-cdk-lib/aws-ecs-patterns');

const app = new cdk.App({outdir: process.argv[2]});
const image = (scope) => ecs.ContainerImage.fromEcrRepository(ecr.Repository.fromRepositoryAttributes(scope, 'Images', {
  repositoryArn: 'arn:aws:ecr:eu-west-1:111111111111:repository/fault/shop', repositoryName: 'fault/shop',
}), 'one');

const own = new cdk.Stack(app, 'own');
const service = new patterns.ApplicationLoadBalancedFargateService(own, 'Shop', {
  vpc: new ec2.Vpc(own, 'Net', {maxAzs: 2}), desiredCount: 2, minHealthyPercent: 100, circuitBreaker: {rollback: true},
  taskImageOptions: {image: image(own), containerPort: 8080},
});
service.targetGroup.configureHealthCheck({path: '/health', interval: cdk.Duration.seconds(5), timeout: cdk.Duration.seconds(4), healthyThresholdCount: 2});
service.targetGroup.setAttribute('deregistration_delay.timeout_seconds', '20');

// Everything that the hook names stands in the stack as what CloudFormation calls it.
const hook = new cdk.Stack(app, 'hook');
hook.addTransform('AWS::CodeDeployBlueGreen');
const vpc = new ec2.Vpc(hook, 'Net', {maxAzs: 2, natGateways: 0});
const wall = new ec2.SecurityGroup(hook, 'Wall', {vpc, allowAllOutbound: true});
[80, 8080, 9000].forEach((port) => wall.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port)));
const groups = ['Blue', 'Green'].map((name) => new elb.CfnTargetGroup(hook, name + 'Targets', {
  port: 8080, protocol: 'HTTP', targetType: 'ip', vpcId: vpc.vpcId, healthCheckPath: '/health', healthCheckIntervalSeconds: 5, healthCheckTimeoutSeconds: 4, healthyThresholdCount: 2,
}));
const edge = new elb.ApplicationLoadBalancer(hook, 'Edge', {vpc, internetFacing: true, securityGroup: wall});
const [front, rehearsal] = [80, 9000].map((port) => new elb.CfnListener(hook, 'On' + port, {
  loadBalancerArn: edge.loadBalancerArn, port, protocol: 'HTTP',
  defaultActions: [{type: 'forward', forwardConfig: {targetGroups: [{targetGroupArn: groups[0].ref, weight: 100}]}}],
}));
const cluster = new ecs.CfnCluster(hook, 'Cluster');
const role = new iam.Role(hook, 'Pulls', {
  assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
  managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonECSTaskExecutionRolePolicy')],
});
const definition = new ecs.CfnTaskDefinition(hook, 'BlueDefinition', {
  family: 'shop', cpu: '256', memory: '512', networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'], executionRoleArn: role.roleArn,
  containerDefinitions: [{name: 'web', essential: true, image: '111111111111.dkr.ecr.eu-west-1.amazonaws.com/fault/shop:one', portMappings: [{containerPort: 8080}]}],
});
const external = new ecs.CfnService(hook, 'Service', {cluster: cluster.ref, desiredCount: 1, deploymentController: {type: 'EXTERNAL'}});
external.node.addDependency(front, rehearsal);
const set = new ecs.CfnTaskSet(hook, 'BlueSet', {
  cluster: cluster.ref, service: external.ref, taskDefinition: definition.ref, launchType: 'FARGATE', scale: {unit: 'PERCENT', value: 100},
  loadBalancers: [{containerName: 'web', containerPort: 8080, targetGroupArn: groups[0].ref}],
  networkConfiguration: {awsVpcConfiguration: {assignPublicIp: 'ENABLED', securityGroups: [wall.securityGroupId], subnets: vpc.publicSubnets.map((s) => s.subnetId)}},
});
new ecs.CfnPrimaryTaskSet(hook, 'Primary', {cluster: cluster.ref, service: external.ref, taskSetId: set.attrId});
new cdk.CfnCodeDeployBlueGreenHook(hook, 'Change', {
  trafficRoutingConfig: {type: cdk.CfnTrafficRoutingType.ALL_AT_ONCE}, additionalOptions: {terminationWaitTimeInMinutes: 1},
  applications: [{
    target: {type: external.cfnResourceType, logicalId: hook.getLogicalId(external)},
    ecsAttributes: {
      taskDefinitions: [hook.getLogicalId(definition), 'GreenDefinition'], taskSets: [hook.getLogicalId(set), 'GreenSet'],
      trafficRouting: {
        prodTrafficRoute: {type: front.cfnResourceType, logicalId: hook.getLogicalId(front)},
        testTrafficRoute: {type: rehearsal.cfnResourceType, logicalId: hook.getLogicalId(rehearsal)},
        targetGroups: groups.map((g) => hook.getLogicalId(g)),
      },
    },
  }],
});
app.synth();
