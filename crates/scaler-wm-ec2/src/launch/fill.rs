//! From the parameters of a launch to the SDK's requests.

use aws_sdk_ec2::{
    Client,
    operation::{
        create_fleet::builders::CreateFleetFluentBuilder,
        create_launch_template::builders::CreateLaunchTemplateFluentBuilder,
        run_instances::builders::RunInstancesFluentBuilder,
    },
    types::{
        BlockDeviceMapping, DefaultTargetCapacityType, EbsBlockDevice, FleetLaunchTemplateConfigRequest,
        FleetLaunchTemplateOverridesRequest, FleetLaunchTemplateSpecificationRequest, FleetOnDemandAllocationStrategy,
        FleetType, IamInstanceProfileSpecification, InstanceInterruptionBehavior, InstanceMarketOptionsRequest,
        InstanceMetadataOptionsRequest, InstanceMetadataTagsState, InstanceNetworkInterfaceSpecification, InstanceType,
        LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
        LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplateInstanceMetadataOptionsRequest,
        LaunchTemplateInstanceMetadataTagsState, LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
        LaunchTemplateSpecification, LaunchTemplatesMonitoringRequest, MarketType, OnDemandOptionsRequest,
        RequestLaunchTemplateData, ResourceType, RunInstancesMonitoringEnabled, ShutdownBehavior,
        SpotAllocationStrategy, SpotInstanceInterruptionBehavior, SpotInstanceType, SpotMarketOptions,
        SpotOptionsRequest, Tag, TagSpecification, TargetCapacitySpecificationRequest, VolumeType,
    },
};
use scaler_wm_core::{Error, ErrorKind, Launch, Result};

use super::call::{CreateFleet, RunInstances, Shape, Volume};

/// Tags for what a call makes of one kind.
pub(crate) fn tagged(kind: ResourceType, tags: &[(String, String)]) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl RunInstances {
    /// The whole call.
    pub(crate) fn fill(&self, ec2: &Client, launch: &Launch) -> RunInstancesFluentBuilder {
        let shape = &self.shape;
        let network = InstanceNetworkInterfaceSpecification::builder()
            .device_index(0)
            .subnet_id(&self.subnet)
            .set_groups((!shape.security_groups.is_empty()).then(|| shape.security_groups.clone()))
            .associate_public_ip_address(true)
            .delete_on_termination(true)
            .build();
        let profile = shape.instance_profile.as_ref().map(|profile| {
            let by = IamInstanceProfileSpecification::builder();
            if profile.starts_with("arn:") { by.arn(profile).build() } else { by.name(profile).build() }
        });
        let template = self.launch_template.as_ref().map(|(id, version)| {
            LaunchTemplateSpecification::builder().launch_template_id(id).set_version(version.clone()).build()
        });
        let metadata = shape.reads_tags.then(|| {
            InstanceMetadataOptionsRequest::builder().instance_metadata_tags(InstanceMetadataTagsState::Enabled).build()
        });
        let monitoring =
            shape.monitoring.map(|enabled| RunInstancesMonitoringEnabled::builder().enabled(enabled).build());
        let mut call = ec2
            .run_instances()
            .client_token(launch.token.as_str())
            .min_count(1)
            .max_count(integer(launch.count.get()))
            .instance_type(InstanceType::from(self.instance_type.as_str()))
            .set_image_id(shape.image.clone())
            .set_key_name(shape.key_name.clone())
            .user_data(&shape.user_data)
            .network_interfaces(network)
            .set_iam_instance_profile(profile)
            .set_launch_template(template)
            .set_block_device_mappings(shape.root_volume.as_ref().map(|volume| vec![volume.device()]))
            .set_ebs_optimized(shape.ebs_optimized)
            .set_monitoring(monitoring)
            .set_metadata_options(metadata)
            .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
            .tag_specifications(tagged(ResourceType::Instance, &self.tags))
            .tag_specifications(tagged(ResourceType::Volume, &self.tags));
        if self.is_spot {
            let spot = SpotMarketOptions::builder()
                .spot_instance_type(SpotInstanceType::OneTime)
                .instance_interruption_behavior(InstanceInterruptionBehavior::Terminate)
                .set_max_price(self.max_price.clone())
                .build();
            let market =
                InstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).spot_options(spot).build();
            call = call.instance_market_options(market);
            call = call.tag_specifications(tagged(ResourceType::SpotInstancesRequest, &self.tags));
        }
        call
    }
}

impl Volume {
    fn device(&self) -> BlockDeviceMapping {
        let ebs = EbsBlockDevice::builder()
            .set_volume_size(self.gib)
            .set_volume_type(self.kind.as_deref().map(VolumeType::from))
            .set_iops(self.iops)
            .delete_on_termination(true)
            .build();
        BlockDeviceMapping::builder().device_name(&self.device).ebs(ebs).build()
    }

    fn device_of_template(&self) -> LaunchTemplateBlockDeviceMappingRequest {
        let ebs = LaunchTemplateEbsBlockDeviceRequest::builder()
            .set_volume_size(self.gib)
            .set_volume_type(self.kind.as_deref().map(VolumeType::from))
            .set_iops(self.iops)
            .delete_on_termination(true)
            .build();
        LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&self.device).ebs(ebs).build()
    }
}

impl Shape {
    /// The call that makes a launch template of it, for fleets: they take an instance's parameters by no other way.
    pub(crate) fn template(
        &self,
        ec2: &Client,
        name: &str,
        tags: &[(String, String)],
    ) -> CreateLaunchTemplateFluentBuilder {
        let network = LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
            .device_index(0)
            .set_groups((!self.security_groups.is_empty()).then(|| self.security_groups.clone()))
            .associate_public_ip_address(true)
            .delete_on_termination(true)
            .build();
        let profile = self.instance_profile.as_ref().map(|profile| {
            let by = LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
            if profile.starts_with("arn:") { by.arn(profile).build() } else { by.name(profile).build() }
        });
        let metadata = self.reads_tags.then(|| {
            LaunchTemplateInstanceMetadataOptionsRequest::builder()
                .instance_metadata_tags(LaunchTemplateInstanceMetadataTagsState::Enabled)
                .build()
        });
        let monitoring =
            self.monitoring.map(|enabled| LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build());
        let data = RequestLaunchTemplateData::builder()
            .set_image_id(self.image.clone())
            .set_key_name(self.key_name.clone())
            .user_data(&self.user_data)
            .network_interfaces(network)
            .set_iam_instance_profile(profile)
            .set_block_device_mappings(self.root_volume.as_ref().map(|volume| vec![volume.device_of_template()]))
            .set_ebs_optimized(self.ebs_optimized)
            .set_monitoring(monitoring)
            .set_metadata_options(metadata)
            .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
            .build();
        ec2.create_launch_template()
            .launch_template_name(name)
            .launch_template_data(data)
            .tag_specifications(tagged(ResourceType::LaunchTemplate, tags))
    }
}

impl CreateFleet {
    /// The whole call.
    pub(crate) fn fill(&self, ec2: &Client, launch: &Launch) -> Result<CreateFleetFluentBuilder> {
        let template = FleetLaunchTemplateSpecificationRequest::builder()
            .launch_template_id(&self.launch_template)
            .version("1")
            .build();
        let overrides = self.types.iter().flat_map(|kind| self.subnets.iter().map(move |subnet| (kind, subnet)));
        let overrides = overrides.enumerate().map(|(index, (kind, subnet))| {
            FleetLaunchTemplateOverridesRequest::builder()
                .instance_type(InstanceType::from(kind.as_str()))
                .subnet_id(subnet)
                // The order given, for the strategies that go by it.
                .priority(f64::from(u32::try_from(index).unwrap_or(u32::MAX)))
                .set_max_price(self.max_price.clone())
                .build()
        });
        let config = FleetLaunchTemplateConfigRequest::builder()
            .launch_template_specification(template)
            .set_overrides(Some(overrides.collect()))
            .build();
        let count = launch.count.get();
        let is_spot = self.on_demand < count;
        let capacity = TargetCapacitySpecificationRequest::builder()
            .total_target_capacity(integer(count))
            .on_demand_target_capacity(integer(self.on_demand))
            .spot_target_capacity(integer(count - self.on_demand.min(count)))
            .default_target_capacity_type(if is_spot {
                DefaultTargetCapacityType::Spot
            } else {
                DefaultTargetCapacityType::OnDemand
            })
            .build();
        let spot = SpotOptionsRequest::builder()
            .set_allocation_strategy(self.spot_strategy.as_deref().map(SpotAllocationStrategy::from))
            .instance_interruption_behavior(SpotInstanceInterruptionBehavior::Terminate)
            .build();
        let on_demand = self.on_demand_strategy.as_deref().map(|strategy| {
            OnDemandOptionsRequest::builder()
                .allocation_strategy(FleetOnDemandAllocationStrategy::from(strategy))
                .build()
        });
        if self.launch_template.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "start instances", "the fleet has no launch template"));
        }
        Ok(ec2
            .create_fleet()
            .client_token(launch.token.as_str())
            .r#type(FleetType::Instant)
            .launch_template_configs(config)
            .target_capacity_specification(capacity)
            .set_spot_options(is_spot.then_some(spot))
            .set_on_demand_options(on_demand.filter(|_| self.on_demand > 0))
            .tag_specifications(tagged(ResourceType::Fleet, &self.tags))
            .tag_specifications(tagged(ResourceType::Instance, &self.tags)))
    }
}
