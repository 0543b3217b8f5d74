using System.Text.Json;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Quarantine;

/// <summary>How a host stands by its own facts and by reports that its chip signed, whether or not it is in quarantine.</summary>
internal enum AppraisalStanding
{
    /// <summary>Not judged, or by nothing that it said or proved.</summary>
    Unknown,

    /// <summary>Judged, and nothing speaks against it.</summary>
    Good,

    /// <summary>Something is contraindicated.</summary>
    Bad,
}

/// <summary>What a rule needs of a host's trust. Pure.</summary>
/// <param name="Codes">What is contraindicated.</param>
internal sealed record AppraisedHost(AppraisalStanding Standing, IReadOnlyList<string> Codes)
{
    private static readonly JsonElement s_none = JsonElement.Parse("[]");
    private static readonly AppraisedHost s_unknown = new(AppraisalStanding.Unknown, []);

    public static AppraisedHost Of(HostTrustState? trust)
    {
        if (trust is null)
            return s_unknown;
        using JsonDocument result = JsonDocument.Parse(trust.Result);
        string[] codes = [.. Findings(result.RootElement).EnumerateArray().Where(finding => Text(finding, "tier") == "contraindicated").Select(finding => Text(finding, "code")).OfType<string>()];
        return codes.Length > 0 ? new(AppraisalStanding.Bad, codes)
            : Text(result.RootElement, "evidence") is null or "none" ? s_unknown : new(AppraisalStanding.Good, []);
    }

    private static JsonElement Findings(JsonElement result) =>
        result.ValueKind == JsonValueKind.Object && result.TryGetProperty("findings", out JsonElement findings) && findings.ValueKind == JsonValueKind.Array
            ? findings : s_none;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
