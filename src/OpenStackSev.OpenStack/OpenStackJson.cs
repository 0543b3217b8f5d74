using System.Text.Json.Serialization;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Heat;
using OpenStackSev.OpenStack.Keystone;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.OpenStack;

/// <summary>How the services' bodies are read and written: snake case, nothing for null, unknown keys passed over.</summary>
/// <remarks>A key that a type cannot do without must be there.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    MaxDepth = 32)]
[JsonSerializable(typeof(AuthenticationRequest))]
[JsonSerializable(typeof(TokenEnvelope))]
[JsonSerializable(typeof(ResourceProviderList))]
[JsonSerializable(typeof(ResourceProvider))]
[JsonSerializable(typeof(NewResourceProvider))]
[JsonSerializable(typeof(ResourceProviderUpdate))]
[JsonSerializable(typeof(ProviderInventories))]
[JsonSerializable(typeof(ProviderTraits))]
[JsonSerializable(typeof(ProviderAggregates))]
[JsonSerializable(typeof(ProviderUsages))]
[JsonSerializable(typeof(ProviderAllocations))]
[JsonSerializable(typeof(ConsumerAllocations))]
[JsonSerializable(typeof(AllocationCandidates))]
[JsonSerializable(typeof(ResourceClassList))]
[JsonSerializable(typeof(TraitList))]
[JsonSerializable(typeof(ServerList))]
[JsonSerializable(typeof(ServerEnvelope))]
[JsonSerializable(typeof(ServerMetadata))]
[JsonSerializable(typeof(InstanceActionList))]
[JsonSerializable(typeof(Dictionary<string, ServerLock?>))]
[JsonSerializable(typeof(FlavorList))]
[JsonSerializable(typeof(FlavorBodies))]
[JsonSerializable(typeof(FlavorEnvelope))]
[JsonSerializable(typeof(FlavorAccessList))]
[JsonSerializable(typeof(ServiceList))]
[JsonSerializable(typeof(ServiceEnvelope))]
[JsonSerializable(typeof(ServiceUpdate))]
[JsonSerializable(typeof(HypervisorList))]
[JsonSerializable(typeof(AggregateList))]
[JsonSerializable(typeof(ImageList))]
[JsonSerializable(typeof(ImageBodies))]
[JsonSerializable(typeof(Image))]
[JsonSerializable(typeof(ImageMember))]
[JsonSerializable(typeof(StackList))]
[JsonSerializable(typeof(StackResourceList))]
[JsonSerializable(typeof(StackResourceMetadata))]
[JsonSerializable(typeof(WaitSignal))]
internal sealed partial class OpenStackJson : JsonSerializerContext;
