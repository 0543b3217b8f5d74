using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Attestation.Snapshots;

/// <summary>What a snapshot says. Believed when <see cref="SignedSnapshot.TryOpen"/> gave its bytes.</summary>
/// <param name="Version">1: another is not read.</param>
/// <param name="IssuedAt">An older one never takes the place of a newer one.</param>
/// <param name="ExpiresAt">From when it says nothing any more.</param>
public sealed record HostsSnapshot(int Version, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, IReadOnlyList<SnapshotHost> Hosts)
{
    public const int CurrentVersion = 1;

    /// <summary>Whether the filter of nova-scheduler can read it too.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out HostsSnapshot? snapshot, [NotNullWhen(false)] out SnapshotFault? fault)
    {
        snapshot = null;
        string? wrong;
        try
        {
            HostsSnapshot? read = JsonSerializer.Deserialize(json, SnapshotJson.Default.HostsSnapshot);
            wrong = read is null ? "it is null" : WrongIn(read);
            snapshot = wrong is null ? read : null;
        }
        catch (JsonException e)
        {
            wrong = $"at {e.Path ?? "its beginning"}";
        }

        fault = wrong is null ? null : new(SnapshotCodes.Malformed, $"signed, but not as this release reads it: {wrong}");
        return snapshot is not null;
    }

    private static string? WrongIn(HostsSnapshot read) =>
        read.Version != CurrentVersion ? $"version {read.Version} is not {CurrentVersion}"
        : read.Hosts.Any(host => host?.Reasons.Contains(null!) != false || host.Baselines.Contains(null!)) ? "a host, or a word of one, is null"
        : null;

    /// <returns>UTF-8, to be signed.</returns>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.HostsSnapshot);
}

/// <summary>One host of a snapshot.</summary>
/// <param name="Node">The compute node's UUID.</param>
/// <param name="Trust"><c>trusted</c>, <c>untrusted</c>, <c>quarantined</c> or <c>unknown</c>; another word is of a later release, and no yes.</param>
public sealed record SnapshotHost(Guid Node, string Name, string Trust)
{
    /// <summary>Codes.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Bulletins that its firmware meets, e.g. <c>SB_3019</c>.</summary>
    public IReadOnlyList<string> Baselines { get; init; } = [];

    /// <summary>When it was last proven; null for never.</summary>
    public DateTimeOffset? ProvenAt { get; init; }

    /// <summary>Until when that counts.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>A simulated host, or a proof under a simulated root.</summary>
    public bool Simulated { get; init; }
}

/// <summary>The protected header of a <see cref="SignedSnapshot"/>.</summary>
internal sealed record SnapshotHeader(
    [property: JsonPropertyName("alg")] string? Algorithm = null, [property: JsonPropertyName("typ")] string? Type = null,
    [property: JsonPropertyName("kid")] string? KeyId = null, [property: JsonPropertyName("crit")] JsonElement? Critical = null);

/// <summary>RFC 3339 in UTC, whole seconds: <c>2026-11-26T03:00:00Z</c>. Fractions are read, and never written.</summary>
internal sealed class UtcSeconds : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out DateTimeOffset time) && time.Offset == TimeSpan.Zero
        && reader.GetString() is { } text && (text.EndsWith('Z') || text.EndsWith("+00:00", StringComparison.Ordinal))
            ? time
            : throw new JsonException("a time is not in UTC");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, Converters = [typeof(UtcSeconds)])]
[JsonSerializable(typeof(SnapshotHeader))]
[JsonSerializable(typeof(HostsSnapshot))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
