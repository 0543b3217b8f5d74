using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Hosts;

/// <summary>What <see cref="HostState.Facts"/> holds: the last report, which of its chips another host has, and how long its certificate lasts.</summary>
/// <param name="CertificateEnds">Null for the report of a service user.</param>
internal sealed record StoredReport(HostReport Report, IReadOnlyList<string> Conflicts, DateTimeOffset? CertificateEnds = null)
{
    public static StoredReport Of(HostState host) => JsonSerializer.Deserialize(host.Facts, HostRecordJson.Default.StoredReport)
        ?? throw new JsonException($"facts of host {host.Node} are null");

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, HostRecordJson.Default.StoredReport);

    /// <summary>The same but for how many guests run and for the certificate, which are no facts of the machine.</summary>
    public bool SaysTheSameAs(StoredReport other) =>
        Settled().Bytes().AsSpan().SequenceEqual(other.Settled().Bytes());

    private StoredReport Settled() => this with { Report = Report with { AsidsInUseSev = null, AsidsInUseSevEs = null }, CertificateEnds = null };
}

/// <summary>Body of <c>host.chip.*</c>.</summary>
/// <param name="By">Who approved or withdrew; null where nobody did.</param>
/// <param name="Holders">Of a conflict: the hosts that have the chips.</param>
/// <param name="Reason">Of a withdrawal.</param>
internal sealed record ChipRecord(IReadOnlyList<ChipRecordItem> Chips, string? By = null, IReadOnlyList<Guid>? Holders = null, string? Reason = null);

internal sealed record ChipRecordItem(string Id, string Status);

/// <summary>Body of <c>host.silent</c> and <c>host.returned</c>.</summary>
internal sealed record SilenceRecord(DateTimeOffset LastSeen, DateTimeOffset? SilentSince = null);

/// <summary>Body of <c>host.certificate.*</c>.</summary>
/// <param name="Serial">Of the successor, hex.</param>
/// <param name="Replaces">Serials that it takes the place of.</param>
internal sealed record CertificateRecord(string Serial, IReadOnlyList<string> Replaces, DateTimeOffset? NotAfter = null);

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredReport))]
[JsonSerializable(typeof(HostReport))]
[JsonSerializable(typeof(ChipRecord))]
[JsonSerializable(typeof(SilenceRecord))]
[JsonSerializable(typeof(CertificateRecord))]
internal sealed partial class HostRecordJson : JsonSerializerContext;
