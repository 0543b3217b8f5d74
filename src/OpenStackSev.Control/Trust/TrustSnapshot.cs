using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>What the scheduler's filter is told: all hosts at one time. Pure.</summary>
/// <remarks>src/nova-filter/README.md describes it; a field that is added there is not read by older filters.</remarks>
internal sealed record TrustSnapshot(int Version, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, IReadOnlyList<SnapshotHost> Hosts)
{
    private const int Format = 1;

    /// <param name="now">To the second.</param>
    public static TrustSnapshot Of(
        IReadOnlyList<HostTrustState> rows, IReadOnlyDictionary<Guid, HostQuarantineState> quarantines, DateTimeOffset now, TimeSpan lifetime) =>
        new(Format, now, now + lifetime, [.. rows.OrderBy(row => row.Node).Select(row => Host(row, quarantines.GetValueOrDefault(row.Node), now))]);

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.TrustSnapshot);

    private static SnapshotHost Host(HostTrustState row, HostQuarantineState? quarantine, DateTimeOffset now)
    {
        TrustRecord found = TrustRecord.Of(row);
        TrustLevel level = TrustViews.LevelOf(row, quarantine);
        bool over = level == TrustLevel.Trusted && row.ExpiresAt <= now;
        string[] reasons = level == TrustLevel.Quarantined ? [HostEvents.Quarantined] : over ? [TrustCodes.ProofExpired.Code]
            : [.. found.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal)];
        return new SnapshotHost(row.Node, row.Name, TrustRules.Word(over ? TrustLevel.Unknown : level), reasons, found.Baselines,
            Seconds(row.ProvenAt), Seconds(level == TrustLevel.Trusted ? row.ExpiresAt : null), found.Simulated ? true : null);
    }

    /// <summary>Down to the second: no proof counts longer for being rounded.</summary>
    private static DateTimeOffset? Seconds(DateTimeOffset? time) => time is { } value ? DateTimeOffset.FromUnixTimeSeconds(value.ToUnixTimeSeconds()) : null;
}

/// <param name="Simulated">True, or not there.</param>
internal sealed record SnapshotHost(
    Guid Node, string Name, string Trust, IReadOnlyList<string> Reasons, IReadOnlyList<string> Baselines, DateTimeOffset? ProvenAt, DateTimeOffset? ExpiresAt, bool? Simulated);

/// <summary>RFC 3339 in UTC, to the second, with a Z: the filter reads no other form.</summary>
internal sealed class SnapshotTime : JsonConverter<DateTimeOffset>
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTimeOffset.ParseExact(reader.GetString()!, Form, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal);

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString(Form, System.Globalization.CultureInfo.InvariantCulture));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(SnapshotTime)])]
[JsonSerializable(typeof(TrustSnapshot))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
