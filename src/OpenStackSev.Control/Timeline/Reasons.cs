using System.Collections.Frozen;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Timeline;

/// <summary>A reason for each code that a verdict may have. A test holds them to <see cref="SnpCodes.All"/>.</summary>
internal static class Reasons
{
    private const string Ask = "ask the cloud's operator: nothing inside the instance can cure it";
    private const string Wait = "nothing: it is judged again at the next round";
    private const string Attester = "use the packaged openstack-sev-guest, and keep what it sent: osev instance evidence";
    private const string Keep = "keep the evidence (osev instance evidence) and verify it elsewhere (osev attest verify) before anybody touches the host";
    private const string Endorsements = "osev endorsements list shows what is there; osev endorsements fetch or import brings what is missing";
    private const string Update = "update firmware and microcode of the host (SNP firmware, BIOS), then let the instance answer again";
    private const string AskPolicy = "compare with the policy in force: osev policy show; try a change with osev policy dry-run before activating it";

    private const string Monitor = "alert on osev_instances and on the events of this service";
    private const string Renew = "fetch AMD's certificates and revocation lists on a timer, and alert on their age";
    private const string Patch = "watch AMD's security bulletins; try a new minimum with osev policy dry-run, and update hosts before it is activated";
    private const string Image = "attest one instance of a new image, and add its launch digest with osev reference add, before it goes to everybody";
    private const string Flavors = "check flavors and images before they are used: osev validate, osev audit";
    private const string Enrol = "approve chips only of hosts whose hardware you know, and look at every host.chip.changed";

    private static readonly FrozenDictionary<string, Reason> s_reasons = All().ToFrozenDictionary(one => one.Code, one => one.Reason, StringComparer.Ordinal);

    /// <summary>The reason of a code; for one that has none, its own words are given.</summary>
    /// <param name="otherwise">Of a code that is not known here: what it says about itself.</param>
    public static Reason Of(string code, string otherwise) => s_reasons.GetValueOrDefault(code) ?? new Reason(otherwise, Ask, $"look up {code} in the documentation of this release", Monitor);

    public static bool Knows(string code) => s_reasons.ContainsKey(code);

    private static IEnumerable<(string Code, Reason Reason)> All() =>
        [.. OfReports(), .. OfEndorsements(), .. OfSignatures(), .. OfChips(), .. OfGuests(), .. OfFirmware(), .. OfMeasurements(), .. WithoutEvidence()];

    private static IEnumerable<(string, Reason)> OfReports()
    {
        var malformed = new Reason("what was sent is no report that a security processor of AMD's makes", Attester, Keep, Monitor);
        yield return (SnpCodes.ReportSize.Code, malformed);
        yield return (SnpCodes.ReportReserved.Code, malformed);
        yield return (SnpCodes.ReportValue.Code, malformed);
        yield return (SnpCodes.ReportVersion.Code, new("its report is of a version that this service cannot judge", Ask, "update openstack-sev-control", Monitor));
        yield return (SnpCodes.ProductUnknown.Code, new("its processor is of a product line that this service does not know", Ask, "update openstack-sev-control", Monitor));
        yield return (SnpCodes.TcbOrder.Code, new("the firmware versions in its report contradict each other", Ask, Keep, Patch));
    }

    private static IEnumerable<(string, Reason)> OfEndorsements()
    {
        var missing = new Reason("certificates that are needed to verify its report were not to be had", Wait, Endorsements, Renew);
        foreach (Check check in new[] { SnpCodes.VekMissing, SnpCodes.IssuerMissing, SnpCodes.RootMissing, SnpCodes.CertificateMalformed })
            yield return (check.Code, missing);

        var revocations = new Reason("AMD's list of revoked certificates was missing or out of date", Wait, Endorsements, Renew);
        foreach (Check check in new[] { SnpCodes.CrlMissing, SnpCodes.CrlSignature, SnpCodes.CrlStale, SnpCodes.CrlNotYetValid })
            yield return (check.Code, revocations);

        var chain = new Reason("the key that signed its report does not lead to AMD's root", Ask, Keep, Enrol);
        foreach (Check check in new[]
        {
            SnpCodes.VekExtension, SnpCodes.VekRole, SnpCodes.VekSignature, SnpCodes.IssuerRole, SnpCodes.IssuerSignature, SnpCodes.RootUntrusted, SnpCodes.RootRole,
            SnpCodes.ProductMismatch,
        })
        {
            yield return (check.Code, chain);
        }

        yield return (SnpCodes.IssuerRevoked.Code, new("AMD has revoked an authority above the key that signed its report", Ask, "take its host out of service until AMD says how to go on", Renew));
        var dates = new Reason("a certificate is out of its dates", Wait, "compare the clocks first, then " + Endorsements, Renew);
        yield return (SnpCodes.CertificateExpired.Code, dates);
        yield return (SnpCodes.CertificateNotYetValid.Code, dates);
    }

    private static IEnumerable<(string, Reason)> OfSignatures()
    {
        var unsigned = new Reason("its report is not signed as a security processor of AMD's signs", Ask, Keep, Enrol);
        foreach (Check check in new[]
        {
            SnpCodes.SignatureAbsent, SnpCodes.SignatureAlgorithm, SnpCodes.SignaturePadding, SnpCodes.SignatureRange, SnpCodes.SignatureMismatch, SnpCodes.ReportedTcbMismatch,
        })
        {
            yield return (check.Code, unsigned);
        }

        yield return (SnpCodes.ReportDataMismatch.Code, new("its report does not answer the challenge that it was given", Attester, Keep, Monitor));
        yield return (SnpCodes.SigningKeyNotAllowed.Code, new("its report is signed with a kind of key that the operator does not accept", Ask, AskPolicy, Enrol));
        yield return (SnpCodes.ProviderNotAllowed.Code, new("the key that signed its report is another provider's", Ask, AskPolicy, Enrol));
    }

    private static IEnumerable<(string, Reason)> OfChips()
    {
        yield return (SnpCodes.ChipIdMismatch.Code, new("its report names another processor than the key that signed it", Ask, Keep, Enrol));
        yield return (SnpCodes.ChipDenied.Code, new("the operator has denied the processor that it runs on", Ask, "move it to another host, or change the policy: osev policy show", Enrol));
        yield return (SnpCodes.ChipNotAllowed.Code, new("the processor that it runs on is not among those that the operator allows", Ask, AskPolicy, Enrol));
        var masked = new Reason("its report does not say which processor it runs on", Ask, "turn off MASK_CHIP_ID on the host, and give it a VCEK", Enrol);
        yield return (SnpCodes.ChipIdMasked.Code, masked);
        yield return (SnpCodes.BindingNone.Code, masked);
        yield return (SnpCodes.ProductNotTrusted.Code, new("the operator does not trust processors of this product line any more", Ask, AskPolicy, Patch));
    }

    private static IEnumerable<(string, Reason)> OfGuests()
    {
        yield return (SnpCodes.Debug.Code, new("the host may read its memory: it was launched with debugging allowed", "do not put secrets into it; delete it and boot a new one, elsewhere",
            "find out who launched it so: Nova never does; look at its host", Enrol));
        yield return (SnpCodes.MigrationAgent.Code, new("it was launched so that a migration agent may take over its memory", "delete it and boot a new one", "find out who launched it so: Nova never does", Enrol));
        var asked = new Reason("it was launched with rules for its protection that the operator does not accept", "delete it and boot a new one", AskPolicy, Flavors);
        foreach (Check check in new[] { SnpCodes.GuestPolicyBit, SnpCodes.GuestPolicyRequired, SnpCodes.GuestPolicyUnknown, SnpCodes.GuestPolicyAbi })
            yield return (check.Code, asked);
        yield return (SnpCodes.HostRequested.Code, new("its report was asked for by the host and not by the instance", Ask, Keep, Enrol));
        yield return (SnpCodes.Vmpl.Code, new("its report was asked for at a privilege level that the operator does not accept", Attester, AskPolicy, Image));
        yield return (SnpCodes.GuestSvn.Code, new("its security version number is below what the operator asks for", "boot a newer image", AskPolicy, Image));
    }

    private static IEnumerable<(string, Reason)> OfFirmware()
    {
        var old = new Reason("the firmware that protects it is older than the operator allows", Ask, Update, Patch);
        foreach (Check check in new[] { SnpCodes.TcbBelowMinimum, SnpCodes.FirmwareBelowMinimum, SnpCodes.MitigationMissing })
            yield return (check.Code, old);
        yield return (SnpCodes.LaunchTcbBelowMinimum.Code, new("it was launched under firmware that is older than the operator allows", "delete it and boot a new one", Update, Patch));
        yield return (SnpCodes.ProvisionalFirmware.Code, new("the firmware that protects it can still be rolled back", Ask, "commit the host's firmware (SNP_COMMIT)", Patch));
        var platform = new Reason("its host is set up in a way that the operator does not accept", Ask, "compare PLATFORM_INFO of the finding with the host's BIOS settings and with the policy", Patch);
        yield return (SnpCodes.PlatformRefused.Code, platform);
        yield return (SnpCodes.PlatformRequired.Code, platform);
    }

    private static IEnumerable<(string, Reason)> OfMeasurements()
    {
        yield return (SnpCodes.Measurement.Code, new("what was started is not what the operator knows: its launch measurement is none of the reference values", "boot from an image that is known",
            "if the firmware or the flavor is new and good: osev reference add; else " + Keep, Image));
        yield return (SnpCodes.HostData.Code, new("the host gave it data that the operator does not know (HOST_DATA)", Ask, AskPolicy, Image));
        var signer = new Reason("it was not launched with an identity block of a key that the operator knows", Ask, AskPolicy, Image);
        foreach (Check check in new[] { SnpCodes.IdKey, SnpCodes.AuthorKey, SnpCodes.FamilyId, SnpCodes.ImageId })
            yield return (check.Code, signer);
    }

    private static IEnumerable<(string, Reason)> WithoutEvidence()
    {
        yield return (SweepCodes.Silent, new("nothing in it has answered within the time that it was given", "see that openstack-sev-guest runs in it and reaches the service: openstack-sev-guest status",
            "osev attest instance UUID --now --wait asks it once more; several at once on one host: look at the host's network", "put openstack-sev-guest into the image"));
        yield return (SweepCodes.NotJudged, new("its answers could not be judged: certificates or revocation lists that are needed for it were not to be had", Wait, Endorsements, Renew));
        yield return (RoundRules.WithoutKey.Code, new("it gave no key, so that nobody can be sure to talk to it and to nothing else", Attester, Attester, Image));
        yield return (SweepCodes.NotEncrypted, new("it runs without memory encryption now: it was rebuilt or resized to an image or a flavor that does not ask for it",
            "do not put secrets into it; resize it to a flavor that asks for hw:mem_encryption=true", "make the flavor say it, not the image: osev validate", Flavors));
        yield return (SweepCodes.NoGuestReport, new("guests of this model cannot ask for a report about themselves", "use a flavor with hw:mem_encryption_model=amd-sev-snp, if you need proof",
            "offer a flavor with hw:mem_encryption_model=amd-sev-snp", Flavors));
    }
}
