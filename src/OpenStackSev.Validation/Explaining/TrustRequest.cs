using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenStackSev.Validation.Explaining;

/// <summary>What a flavor and an image ask of SevTrustFilter, the filter of ours in nova-scheduler.</summary>
/// <param name="IsConfidential">Memory encryption is asked for, in one of the ways that there are: others are not looked at.</param>
/// <param name="RequiresTrust">The flavor says <c>sev:trust=required</c>, or anything else of <c>sev:</c>, or flavor or image require a judgement trait.</param>
/// <param name="MaximumProofAge"><c>sev:max_proof_age</c> in seconds; below zero for what is no age, which no proof meets; null without one.</param>
/// <param name="Baselines"><c>sev:tcb</c>, or traits <c>CUSTOM_SEV_TCB_*</c>: bulletins that the host's firmware must meet.</param>
/// <remarks>The same as src/nova-filter/openstack_sev_filter/request.py; a test holds the two together.</remarks>
public sealed partial record TrustRequest(bool IsConfidential, bool RequiresTrust, int? MaximumProofAge, IReadOnlySet<string> Baselines)
{
    public const string Prefix = "sev:", Trust = "sev:trust", MaxProofAge = "sev:max_proof_age", Tcb = "sev:tcb", Required = "required";

    private static readonly FrozenSet<string> s_no = FrozenSet.ToFrozenSet(["", "0", "f", "false", "off", "n", "no"], StringComparer.Ordinal);

    /// <summary>Pure. A value that cannot be meant asks for more, never for less.</summary>
    public static TrustRequest From(FlavorSpec flavor, ImageSpec image)
    {
        KeyValuePair<string, string>[] traits = [.. image.Properties.Where(pair => pair.Key.StartsWith("trait", StringComparison.Ordinal))];
        Match[] judgements = [.. flavor.ExtraSpecs.Concat(traits).Where(pair => Lowered(pair.Value) == Required).Select(pair => OurJudgements().Match(pair.Key)).Where(match => match.Success)];
        bool requires = judgements.Length > 0 || flavor.ExtraSpecs.Keys.Any(key => key.StartsWith(Prefix, StringComparison.Ordinal));
        bool confidential = requires || Asks(flavor["hw:mem_encryption"]) || Asks(flavor["hw:mem_encryption_model"])
            || Asks(image["hw_mem_encryption"]) || Asks(image["hw_mem_encryption_model"]) || flavor.ExtraSpecs.Concat(traits).Any(pair => NamesOurs(pair.Key, pair.Value));
        string[] baselines = [.. Separators().Split(flavor[Tcb] ?? ""), .. judgements.Select(match => match.Groups["baseline"].Value)];
        return new(confidential, requires, flavor[MaxProofAge] is { } age ? SecondsOf(age) : null, baselines.Where(word => word.Length > 0).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>For people; empty where nothing is asked.</summary>
    public IReadOnlyList<string> InWords()
    {
        if (!IsConfidential)
            return [];
        List<string> words = [RequiresTrust ? "a host that is trusted" : "a host that is neither untrusted nor quarantined"];
        if (MaximumProofAge is { } age)
            words.Add(age < 0 ? "a proof of an age that no proof has" : string.Create(CultureInfo.InvariantCulture, $"a proof not older than {age} s"));
        if (Baselines.Count > 0)
            words.Add("firmware that meets " + string.Join(", ", Baselines.Order(StringComparer.Ordinal)));
        return words;
    }

    /// <summary>Seconds; -1 for what is no number of them.</summary>
    internal static int SecondsOf(string text)
    {
        string word = NovaBoolean.Stripped(text).ToString();
        return word.Length is > 0 and < 10 && word.All(char.IsAsciiDigit) ? int.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture) : -1;
    }

    /// <summary>Only a plain no is a no: a wrong word must not take a server out of sight.</summary>
    private static bool Asks(string? value) => value is not null && !s_no.Contains(Lowered(value));

    private static bool NamesOurs(string key, string value) => OurClasses().IsMatch(key) || (OurTraits().IsMatch(key) && Lowered(value) == Required);

    private static string Lowered(string value) => NovaBoolean.Stripped(value).ToString().ToLowerInvariant();

    [GeneratedRegex(@"\Aresources\d*(?:_[^:]*)?:CUSTOM_SEV(?:_ES|_SNP)?_ASID\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OurClasses();

    [GeneratedRegex(@"\Atrait[^:]*:(?:CUSTOM_SEV(?:_.*)?|HW_CPU_X86_AMD_SEV(?:_ES|_SNP)?)\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OurTraits();

    /// <summary>Anybody with Placement's credentials can write these traits on a host: who asks for one is not to be content with that.</summary>
    [GeneratedRegex(@"\Atrait[^:]*:CUSTOM_SEV_(?:TRUSTED|TCB_(?<baseline>.+))\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OurJudgements();

    [GeneratedRegex(@"[,\s]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Separators();
}
