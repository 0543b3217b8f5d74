using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>What <see cref="HostTrustState.Result"/> holds.</summary>
/// <param name="Proof">The report that proves the host, kept because its guest may be gone; null without one.</param>
/// <param name="SpentAt">Time of a proof that has ended: it does not count again, also not by the clock of another control plane.</param>
/// <param name="SilentAt">When a host was last heard that counts as silent: it is so until it is heard again.</param>
internal sealed record TrustRecord(
    string Evidence, bool Simulated, IReadOnlyList<HostFinding> Findings, IReadOnlyList<string> Baselines, IReadOnlyList<BulletinStanding> Bulletins,
    ProofRecord? Proof = null, DateTimeOffset? SpentAt = null, DateTimeOffset? SilentAt = null)
{
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, TrustJson.Default.TrustRecord);

    public static TrustRecord Of(HostTrustState state) => JsonSerializer.Deserialize(state.Result, TrustJson.Default.TrustRecord)
        ?? throw new JsonException($"what was found of host {state.Node} is null");
}

/// <param name="Report">ATTESTATION_REPORT, verified when it came.</param>
/// <param name="At">When it came.</param>
/// <param name="Instance">That asked for it.</param>
/// <param name="Line">Product line, by the report or its key.</param>
internal sealed record ProofRecord(byte[] Report, DateTimeOffset At, Guid Instance, bool Simulated, ProductLine Line);

/// <summary>Body of <c>host.trust.changed</c>.</summary>
internal sealed record TrustChangedRecord(
    string Level, string? Previous, string Evidence, bool Simulated, IReadOnlyList<HostFinding> Findings, DateTimeOffset? ProvenAt = null, Guid? ProvenBy = null,
    IReadOnlyList<string>? Baselines = null);

/// <summary>Body of <c>host.traits.corrected</c>.</summary>
/// <param name="Removed">Judgements that were there and are not ours.</param>
/// <param name="Restored">Judgements of ours that somebody had taken away.</param>
internal sealed record TraitsCorrectedRecord(string? Name, IReadOnlyList<string> Removed, IReadOnlyList<string> Restored);

/// <summary>Bodies of history records and rows: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TrustRecord))]
[JsonSerializable(typeof(TrustChangedRecord))]
[JsonSerializable(typeof(TraitsCorrectedRecord))]
internal sealed partial class TrustJson : JsonSerializerContext;
