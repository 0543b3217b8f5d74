namespace OpenStackSev.Attestation;

/// <summary>Which question a check answers. All before <see cref="Challenge"/> together make evidence genuine.</summary>
public enum Stage
{
    /// <summary>Are these bytes what they say they are?</summary>
    Structure,

    /// <summary>Does the key lead to AMD, and is nothing on the way out of date or revoked?</summary>
    Endorsement,

    /// <summary>Did the key sign these bytes?</summary>
    Signature,

    /// <summary>Is it the key of the chip and the TCB that the report names?</summary>
    Binding,

    /// <summary>Does it answer what was asked?</summary>
    Challenge,

    /// <summary>Is it what the operator wants?</summary>
    Policy,
}

/// <summary>A check that is made, by its stable code.</summary>
/// <param name="Code">Once shipped, never changed.</param>
/// <param name="Tier">What its finding makes of the result.</param>
/// <param name="Meaning">One line, as in README.md.</param>
public sealed record Check(string Code, Stage Stage, Verdict Tier, string Meaning)
{
    /// <summary>The finding of this check.</summary>
    public Finding Finds(string subject, string expected, string actual) => new(Code, Tier, subject, expected, actual);
}

/// <summary>Every check of SEV-SNP evidence and its endorsements. README.md of this project has a line for each.</summary>
public static class SnpCodes
{
    public static Check ReportSize { get; } = new("snp.report.size", Stage.Structure, Verdict.None,
        "a report has exactly 1184 bytes");
    public static Check ReportVersion { get; } = new("snp.report.version", Stage.Structure, Verdict.None,
        "reports of the versions 2 to 5 can be judged");
    public static Check ReportReserved { get; } = new("snp.report.reserved", Stage.Structure, Verdict.Contraindicated,
        "what the specification reserves is zero, or one where it says so");
    public static Check ReportValue { get; } = new("snp.report.value", Stage.Structure, Verdict.Contraindicated,
        "a field holds a value that the specification defines");
    public static Check ProductUnknown { get; } = new("snp.product.unknown", Stage.Structure, Verdict.None,
        "the CPUID bytes name a product that runs SEV-SNP");
    public static Check TcbOrder { get; } = new("snp.tcb.order", Stage.Structure, Verdict.Contraindicated,
        "REPORTED_TCB is met by COMMITTED_TCB, and that by CURRENT_TCB");

    public static Check CertificateMalformed { get; } = new("snp.certificate.malformed", Stage.Endorsement, Verdict.None,
        "what was given as a certificate, CRL or certificate table can be read");
    public static Check VekMissing { get; } = new("snp.vek.missing", Stage.Endorsement, Verdict.None,
        "the VCEK or VLEK that signed is there");
    public static Check VekExtension { get; } = new("snp.vek.extension", Stage.Endorsement, Verdict.Contraindicated,
        "the VCEK or VLEK says its product, its TCB, and its chip or its provider");
    public static Check VekRole { get; } = new("snp.vek.role", Stage.Endorsement, Verdict.Contraindicated,
        "the certificate is of the kind that SIGNING_KEY names, and its issuer of the kind that issues those");
    public static Check VekSignature { get; } = new("snp.vek.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the VCEK is signed by the ASK, the VLEK by the ASVK");
    public static Check IssuerMissing { get; } = new("snp.issuer.missing", Stage.Endorsement, Verdict.None,
        "the ASK or ASVK that issued the key is there");
    public static Check IssuerRole { get; } = new("snp.issuer.role", Stage.Endorsement, Verdict.Contraindicated,
        "the issuer is a certificate authority that may sign certificates");
    public static Check IssuerSignature { get; } = new("snp.issuer.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the ASK or ASVK is signed by the ARK");
    public static Check IssuerRevoked { get; } = new("snp.issuer.revoked", Stage.Endorsement, Verdict.Contraindicated,
        "no CRL of the ARK lists the ASK, the ASVK or the ARK");
    public static Check RootMissing { get; } = new("snp.root.missing", Stage.Endorsement, Verdict.None,
        "the ARK of the product is among the roots");
    public static Check RootUntrusted { get; } = new("snp.root.untrusted", Stage.Endorsement, Verdict.Contraindicated,
        "the ARK is one of AMD's, by the SHA-256 of the whole certificate, or a simulated one that is named");
    public static Check RootRole { get; } = new("snp.root.role", Stage.Endorsement, Verdict.Contraindicated,
        "the root is a certificate authority that signed itself");
    public static Check CertificateExpired { get; } = new("snp.certificate.expired", Stage.Endorsement, Verdict.Contraindicated,
        "no certificate of the chain has expired");
    public static Check CertificateNotYetValid { get; } = new("snp.certificate.not_yet_valid", Stage.Endorsement, Verdict.Contraindicated,
        "the validity of every certificate of the chain has begun");
    public static Check ProductMismatch { get; } = new("snp.product.mismatch", Stage.Endorsement, Verdict.Contraindicated,
        "report, key, issuer and root are of one product line");
    public static Check CrlMissing { get; } = new("snp.crl.missing", Stage.Endorsement, Verdict.None,
        "a CRL of the ARK is there, where policy requires one");
    public static Check CrlSignature { get; } = new("snp.crl.signature", Stage.Endorsement, Verdict.None,
        "a CRL is signed by the ARK that it names");
    public static Check CrlStale { get; } = new("snp.crl.stale", Stage.Endorsement, Verdict.None,
        "the next CRL is not yet due");
    public static Check CrlNotYetValid { get; } = new("snp.crl.not_yet_valid", Stage.Endorsement, Verdict.None,
        "the CRL is not from the future");

    public static Check SignatureAbsent { get; } = new("snp.signature.absent", Stage.Signature, Verdict.Contraindicated,
        "the security processor signed: SIGNING_KEY is not none and MASK_CHIP_KEY is off");
    public static Check SignatureAlgorithm { get; } = new("snp.signature.algorithm", Stage.Signature, Verdict.Contraindicated,
        "SIGNATURE_ALGO is ECDSA P-384 with SHA-384");
    public static Check SignaturePadding { get; } = new("snp.signature.padding", Stage.Signature, Verdict.Contraindicated,
        "what surrounds r and s is zero");
    public static Check SignatureRange { get; } = new("snp.signature.range", Stage.Signature, Verdict.Contraindicated,
        "r and s are from 1 to the order of the curve less one");
    public static Check SignatureMismatch { get; } = new("snp.signature.mismatch", Stage.Signature, Verdict.Contraindicated,
        "the key signed the first 0x2A0 bytes as they were received");

    public static Check ChipIdMismatch { get; } = new("snp.chip_id.mismatch", Stage.Binding, Verdict.Contraindicated,
        "CHIP_ID is the hwID of the VCEK");
    public static Check ReportedTcbMismatch { get; } = new("snp.reported_tcb.mismatch", Stage.Binding, Verdict.Contraindicated,
        "REPORTED_TCB is the TCB of the key");

    public static Check ReportDataMismatch { get; } = new("snp.report_data.mismatch", Stage.Challenge, Verdict.Contraindicated,
        "REPORT_DATA is what the challenge asked for");

    public static Check ChipIdMasked { get; } = new("snp.chip_id.masked", Stage.Policy, Verdict.Contraindicated,
        "CHIP_ID is not masked, unless policy allows it");
    public static Check BindingNone { get; } = new("snp.binding.none", Stage.Policy, Verdict.Warning,
        "the report names its chip; where it is masked or signed with a VLEK, nothing binds it to one");
    public static Check ChipDenied { get; } = new("snp.chip.denied", Stage.Policy, Verdict.Contraindicated,
        "the chip is not on the policy's list of denied ones");
    public static Check ChipNotAllowed { get; } = new("snp.chip.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "the chip is on the policy's list of allowed ones, where it has one");
    public static Check ProviderNotAllowed { get; } = new("snp.provider.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "the VLEK's provider (cspID) is on the policy's list, where it has one");
    public static Check SigningKeyNotAllowed { get; } = new("snp.signing_key.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "policy takes reports signed with this kind of key");
    public static Check ProductNotTrusted { get; } = new("snp.product.not_trusted", Stage.Policy, Verdict.Contraindicated,
        "policy trusts this product line");
    public static Check Vmpl { get; } = new("snp.vmpl.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "the report was asked for at a VMPL that policy takes");
    public static Check HostRequested { get; } = new("snp.vmpl.host_requested", Stage.Policy, Verdict.Contraindicated,
        "the guest asked for the report, and not the host");
    public static Check GuestPolicyBit { get; } = new("snp.policy.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "POLICY allows nothing that the appraisal policy refuses");
    public static Check Debug { get; } = new("snp.policy.debug", Stage.Policy, Verdict.Contraindicated,
        "the host may not decrypt the guest: POLICY.DEBUG is off");
    public static Check MigrationAgent { get; } = new("snp.policy.migration_agent", Stage.Policy, Verdict.Contraindicated,
        "no migration agent may be associated: POLICY.MIGRATE_MA is off");
    public static Check GuestPolicyRequired { get; } = new("snp.policy.required", Stage.Policy, Verdict.Contraindicated,
        "POLICY asks for all that the appraisal policy requires");
    public static Check GuestPolicyUnknown { get; } = new("snp.policy.unknown", Stage.Policy, Verdict.Contraindicated,
        "no bit of POLICY is unknown");
    public static Check GuestPolicyAbi { get; } = new("snp.policy.abi", Stage.Policy, Verdict.Contraindicated,
        "POLICY's ABI version is at least the policy's");
    public static Check TcbBelowMinimum { get; } = new("snp.tcb.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "REPORTED_TCB meets the minimum of the policy and of its bulletins");
    public static Check LaunchTcbBelowMinimum { get; } = new("snp.tcb.launch_below_minimum", Stage.Policy, Verdict.Contraindicated,
        "LAUNCH_TCB meets the policy's minimum for launches");
    public static Check ProvisionalFirmware { get; } = new("snp.tcb.provisional", Stage.Policy, Verdict.Contraindicated,
        "the running firmware is committed, where policy refuses provisional firmware");
    public static Check FirmwareBelowMinimum { get; } = new("snp.firmware.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "the committed firmware version is at least the minimum of the policy and of its bulletins");
    public static Check MitigationMissing { get; } = new("snp.mitigation.missing", Stage.Policy, Verdict.Contraindicated,
        "the mitigation vectors have every bit that the policy and its bulletins require");
    public static Check PlatformRefused { get; } = new("snp.platform.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "PLATFORM_INFO says nothing that the policy refuses");
    public static Check PlatformRequired { get; } = new("snp.platform.required", Stage.Policy, Verdict.Contraindicated,
        "PLATFORM_INFO says all that the policy and its bulletins require");
    public static Check GuestSvn { get; } = new("snp.guest_svn.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "GUEST_SVN is at least the policy's minimum");
    public static Check Measurement { get; } = new("snp.measurement.unknown", Stage.Policy, Verdict.Contraindicated,
        "MEASUREMENT is one of the launch digests, where some are given");
    public static Check HostData { get; } = new("snp.host_data.unknown", Stage.Policy, Verdict.Contraindicated,
        "HOST_DATA is one of the values, where some are given");
    public static Check IdKey { get; } = new("snp.id_key.unknown", Stage.Policy, Verdict.Contraindicated,
        "ID_KEY_DIGEST is one of the keys, where some are given");
    public static Check AuthorKey { get; } = new("snp.author_key.unknown", Stage.Policy, Verdict.Contraindicated,
        "AUTHOR_KEY_DIGEST is one of the keys, where some are given");
    public static Check FamilyId { get; } = new("snp.family_id.unknown", Stage.Policy, Verdict.Contraindicated,
        "FAMILY_ID is one of the values, where some are given");
    public static Check ImageId { get; } = new("snp.image_id.unknown", Stage.Policy, Verdict.Contraindicated,
        "IMAGE_ID is one of the values, where some are given");

    /// <summary>All of them, in the order in which they are made.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        ReportSize, ReportVersion, ReportReserved, ReportValue, ProductUnknown, TcbOrder,
        CertificateMalformed, VekMissing, VekExtension, VekRole, VekSignature, IssuerMissing, IssuerRole, IssuerSignature, IssuerRevoked,
        RootMissing, RootUntrusted, RootRole, CertificateExpired, CertificateNotYetValid, ProductMismatch,
        CrlMissing, CrlSignature, CrlStale, CrlNotYetValid,
        SignatureAbsent, SignatureAlgorithm, SignaturePadding, SignatureRange, SignatureMismatch,
        ChipIdMismatch, ReportedTcbMismatch,
        ReportDataMismatch,
        ChipIdMasked, BindingNone, ChipDenied, ChipNotAllowed, ProviderNotAllowed, SigningKeyNotAllowed, ProductNotTrusted,
        Vmpl, HostRequested, GuestPolicyBit, Debug, MigrationAgent, GuestPolicyRequired, GuestPolicyUnknown, GuestPolicyAbi,
        TcbBelowMinimum, LaunchTcbBelowMinimum, ProvisionalFirmware, FirmwareBelowMinimum, MitigationMissing, PlatformRefused, PlatformRequired,
        GuestSvn, Measurement, HostData, IdKey, AuthorKey, FamilyId, ImageId,
    ];
}
