using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Api;

/// <summary>The bodies between a guest and the control plane, and an error's: read and written as <see cref="AttestationJson"/> does.</summary>
/// <remarks>A context keeps the readers and writers of all its bodies in a program. A guest's file lies in every image, so it has one of its own.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(GuestInstructions))]
[JsonSerializable(typeof(ChallengeRequest))]
[JsonSerializable(typeof(Challenge))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(EvidenceAnswer))]
public sealed partial class GuestJson : JsonSerializerContext;
