using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>How a host stands to a bulletin.</summary>
public enum BulletinState
{
    /// <summary>It has the mitigation.</summary>
    Mitigated,

    /// <summary>It lacks something of it.</summary>
    Open,

    /// <summary>Not enough is known.</summary>
    Unknown,

    /// <summary>The bulletin has no numbers for this product.</summary>
    NotJudged,
}

/// <param name="Evidence">What the state rests on.</param>
/// <param name="Missing">What an open one lacks, or what is not known; null for the others.</param>
public sealed record HostBulletin(Bulletin Bulletin, BulletinState State, HostEvidenceKind Evidence, string? Missing = null);

/// <summary>Which vulnerabilities a host still carries, as far as bulletins have numbers. Pure.</summary>
public static class HostBulletins
{
    /// <summary>By the report where there is one, else by the host's word.</summary>
    public static HostBulletin Of(Bulletin bulletin, HostEvidence evidence)
    {
        AttestationReport? report = evidence.Proof?.Report;
        HostEvidenceKind kind = report is null ? HostEvidenceKind.Platform : HostEvidenceKind.GuestReport;
        ProductLine? line = evidence.Proof?.Line ?? evidence.Claims.Line;
        if (bulletin.Requirements.FirstOrDefault(requirement => requirement.Line == line) is not { } required)
            return new(bulletin, BulletinState.NotJudged, kind);
        List<string> open = [], unknown = [];
        Tcb(required.MinimumTcb, report?.ReportedTcb ?? evidence.Claims.ReportedTcb, open, unknown);
        Firmware(required.MinimumFirmware, report is null ? evidence.Claims.Firmware : report.CommittedVersion, open, unknown);
        foreach ((string word, ulong bit) in PolicyWords.PlatformBits)
        {
            if ((required.PlatformBits & bit) != 0)
                Bit(word, report is null ? Said(word, evidence.Claims) : (report.PlatformInfo.Value & bit) != 0, open, unknown);
        }

        if (required.CurrentMitigations != 0)
            Mitigations(required.CurrentMitigations, report, open, unknown);
        return open.Count > 0 ? new(bulletin, BulletinState.Open, kind, string.Join("; ", open))
            : unknown.Count > 0 ? new(bulletin, BulletinState.Unknown, kind, string.Join("; ", unknown))
            : new(bulletin, BulletinState.Mitigated, kind);
    }

    private static void Tcb(TcbMinimum? minimum, TcbVersion? tcb, List<string> open, List<string> unknown)
    {
        if (minimum is null)
            return;
        if (tcb is not { } has)
            unknown.Add("the TCB");
        else if (minimum.Unmet(has) is var (expected, actual) && !minimum.IsMetBy(has))
            open.Add($"{expected}, has {actual}");
    }

    private static void Firmware(FirmwareVersion? minimum, FirmwareVersion? version, List<string> open, List<string> unknown)
    {
        if (minimum is not { } least)
            return;
        if (version is not { } has)
            unknown.Add("the firmware's version");
        else if (has < least)
            open.Add($"firmware ≥ {least}, has {has}");
    }

    private static void Bit(string word, bool? on, List<string> open, List<string> unknown)
    {
        if (on is null)
            unknown.Add(word);
        else if (on == false)
            open.Add($"{word} on, is off");
    }

    private static void Mitigations(ulong required, AttestationReport? report, List<string> open, List<string> unknown)
    {
        if (report?.CurrentMitigations is not { } has)
            unknown.Add("the mitigation vector, which reports of version 5 have");
        else if ((required & ~has) != 0)
            open.Add($"mitigations 0x{required:x}, has 0x{has:x}");
    }

    private static bool? Said(string word, PlatformClaims claims) => word switch
    {
        "smt" => claims.Smt,
        "tsme" => claims.Tsme,
        "ciphertext_hiding" => claims.CiphertextHiding,
        "alias_check" => claims.AliasChecked,
        _ => null,
    };
}
