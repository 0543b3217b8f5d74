using System.Text.Json.Serialization;

namespace OpenStackSev.Guest.Handover;

/// <summary>What a process of this machine may ask: one line of JSON, one line back, and the connection ends.</summary>
/// <param name="Ask"><c>token</c>, <c>status</c>, <c>report</c> or <c>sign</c>.</param>
/// <param name="Data">Base64. Of <c>report</c>: the 64 bytes of REPORT_DATA; of <c>sign</c>: the message.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SocketRequest(string Ask, byte[]? Data = null)
{
    public const string Token = "token", Status = "status", Report = "report", Sign = "sign";

    /// <summary>One line, in bytes.</summary>
    public const int LongestLine = 64 * 1024;

    /// <summary>To be signed, in bytes: its base64 and the rest of the line fit into one.</summary>
    public const int LongestMessage = 32 * 1024;
}

/// <summary>The one property that is not null is the answer.</summary>
/// <param name="Signature">ES384, 96 bytes.</param>
internal sealed record SocketAnswer(
    Refusal? Error = null, string? Token = null, GuestStatus? Status = null, SocketReport? Report = null, byte[]? Signature = null)
{
    /// <summary>One line, in bytes.</summary>
    public const int LongestLine = 256 * 1024;
}

internal sealed record Refusal(string Code, string Message);

/// <param name="Report">ATTESTATION_REPORT.</param>
/// <param name="Certificates">Null where the host gives none.</param>
internal sealed record SocketReport(byte[] Report, bool Simulated, byte[]? Certificates = null);

/// <summary>What the attester knows, without a secret in it.</summary>
/// <param name="Simulated">True when the last report was; it proves nothing about any hardware.</param>
/// <param name="TokenExpiresIn">Seconds; null when there is no token.</param>
/// <param name="PublicKey">DER SubjectPublicKeyInfo of K.</param>
internal sealed record GuestStatus(
    string Verdict, IReadOnlyList<string> Findings, bool Simulated, byte[] PublicKey, Guid? Instance = null, string? Url = null,
    string? InstructionsFrom = null, string? ReportsFrom = null, DateTimeOffset? LastRoundAt = null, int? TokenExpiresIn = null, Refusal? Failing = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true, AllowDuplicateProperties = false, MaxDepth = 8)]
[JsonSerializable(typeof(SocketRequest))]
[JsonSerializable(typeof(SocketAnswer))]
internal sealed partial class SocketJson : JsonSerializerContext;

/// <summary>Codes of what the socket answers beside those of rounds and reports. Stable; each has a line in README.md.</summary>
internal static class SocketCodes
{
    public const string Malformed = "guest.socket.malformed";

    /// <summary>No round has brought one yet, or the last one has ended.</summary>
    public const string NoToken = "guest.socket.no_token";
}
