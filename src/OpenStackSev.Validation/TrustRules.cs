using System.Text.RegularExpressions;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>What a flavor asks of SevTrustFilter.</summary>
public static partial class RequestRules
{
    private const string Filter = "src/nova-filter, README";

    private static IEnumerable<Rule> Trust =>
    [
        new("request.trust.value", FindingLevel.Error,
            "nova-api, where the filter is installed, refuses it since microversion 2.86. From older clients it is stored, and the filter then asks for more than was meant, "
            + "often for a host that there is none of: 'No valid host was found'.",
            Filter, TrustValue),
        new("request.trust.forced_host", FindingLevel.Hint,
            "A forced host (availability_zone=az:host) passes no filter of nova-scheduler. Placement is asked all the same: a required trait holds there too.",
            Filter, TrustOfForcedHost),
    ];

    private static Objection? TrustValue(Subject s)
    {
        foreach ((string key, string value) in OfTrust(s))
        {
            if (WantedOf(key, value) is not { } wanted)
                continue;
            string what = wanted.Length == 0 ? "which the filter does not know" : $"and the filter takes {wanted}";
            return new("flavor " + Shown.Plain(key), $"{s.FlavorName} has {Shown.Plain(key)} {Shown.Value(value)}, {what}",
                key == TrustRequest.Trust ? Fix.SetFlavor(s.Flavor, "sev:trust=required") : Fix.UnsetFlavor(s.Flavor, key));
        }

        return null;
    }

    /// <summary>Null for a value that is one; empty for a key that is none.</summary>
    private static string? WantedOf(string key, string value) => key switch
    {
        TrustRequest.Trust => value == TrustRequest.Required ? null : "'required'",
        TrustRequest.MaxProofAge => TrustRequest.SecondsOf(value) is >= 60 and <= 31536000 ? null : "seconds, 60 to 31536000",
        TrustRequest.Tcb => Bulletins().IsMatch(value) ? null : "bulletins as SB_3019,SB_3015",
        _ => "",
    };

    private static Objection? TrustOfForcedHost(Subject s)
    {
        if (!s.NamesTrust || s.Flavor["trait:" + SevNames.Trusted] == TrustRequest.Required)
            return null;
        string key = Shown.Plain(OfTrust(s).First().Key);
        return new("flavor " + key, $"{s.FlavorName} asks for a trusted host by {key} alone, which does not hold where a host is forced; require the trait too",
            Fix.SetFlavor(s.Flavor, $"trait:{SevNames.Trusted}=required"));
    }

    private static IEnumerable<KeyValuePair<string, string>> OfTrust(Subject s) => !s.NamesTrust ? []
        : s.Flavor.ExtraSpecs.Where(pair => pair.Key.StartsWith(TrustRequest.Prefix, StringComparison.Ordinal)).OrderBy(pair => pair.Key, StringComparer.Ordinal);

    [GeneratedRegex(@"\A[A-Z0-9_]{1,64}(?:,[A-Z0-9_]{1,64}){0,15}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bulletins();
}
