using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary>How far a host is trusted, what that rests on, and which vulnerabilities it still carries, as rows of its table.</summary>
internal static class TrustRows
{
    public static string Word(TrustLevel level) => level.ToString().ToLowerInvariant();

    public static IEnumerable<string[]> Of(HostTrust? trust)
    {
        if (trust is null)
        {
            yield return ["trust", "not judged yet"];
            yield break;
        }

        yield return ["trust", $"{Word(trust.Level)}{(trust.Simulated ? " SIMULATED" : "")} since {List.Time(trust.Since)}"];
        yield return ["rests on", trust.Evidence switch { "guest_report" => "a report that its chip signed", "platform" => "its own word", _ => "nothing" }];
        if (trust.ProvenAt is { } proven)
            yield return ["proven", $"{List.Time(proven)}{(trust.ProvenBy is { } by ? $" by instance {by}" : "")}"];
        if (trust.ExpiresAt is { } expires)
            yield return ["trust until", List.Time(expires)];
        if (trust.Quarantine is { } quarantine)
        {
            yield return ["quarantine", $"{quarantine.Reason} (by {quarantine.By}, {List.Time(quarantine.Since)})"];
            if (quarantine.DisablesService)
                yield return ["compute service", quarantine.ServiceDisabled ? "disabled with it" : $"to be disabled{(quarantine.ServiceProblem is { } problem ? $": {problem}" : "")}"];
        }

        foreach (HostFinding finding in trust.Findings)
            yield return ["finding", $"{finding.Code} {finding.Tier}: {finding.Subject}: expected {finding.Expected}, got {finding.Actual}"];
        foreach (BulletinStanding one in trust.Bulletins)
        {
            string missing = one.Missing is { Length: > 0 } lacks ? $": {(one.Standing == "open" ? "lacks" : "not known:")} {lacks}" : "";
            yield return ["CVEs", $"{one.Standing.Replace('_', ' ')} {one.Bulletin} {string.Join(' ', one.Cves)}{missing}"];
        }
    }

    /// <summary>What libvirt and the security processor say beyond the firmware's versions.</summary>
    public static IEnumerable<string[]> Machine(HostFacts facts)
    {
        if (facts.SevFirmware is { } sev)
            yield return ["SEV firmware", $"API {sev.Api} build {sev.Build}, {sev.State}{(sev.Owned ? ", owned" : "")}, {sev.Guests} guests"];
        string[] settings =
        [
            .. new[]
            {
                Said("SMT", facts.Smt), Said("IOMMU", facts.Iommu), Said("TSME", facts.Tsme), Said("debug locked", facts.DebugLocked), Said("fused", facts.Fused),
                Said("ciphertext hiding", facts.Firmware?.CiphertextHiding), Said("alias check", facts.Firmware?.AliasChecked), Said("masked chip", facts.Firmware?.MaskedChipId),
            }.OfType<string>(),
        ];
        if (settings.Length > 0)
            yield return ["settings", string.Join(", ", settings)];
        yield return ["libvirt, QEMU", facts.Virtualization is { } said ? $"{said.Libvirt ?? "unknown"}, {said.Qemu ?? "unknown"}" : "no answer"];
    }

    private static string? Said(string name, bool? value) => value is { } on ? $"{name} {(on ? "yes" : "no")}" : null;
}
