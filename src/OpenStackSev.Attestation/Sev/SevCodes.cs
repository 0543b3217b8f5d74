namespace OpenStackSev.Attestation.Sev;

/// <summary>Every check of the certificates of plain SEV and SEV-ES. README.md of this project has a line for each.</summary>
public static class SevCodes
{
    public static Check Size { get; } = new("sev.certificate.size", Stage.Structure, Verdict.None,
        "an export is four certificates of 2084 bytes; an ARK or ASK has 832 or 1600 bytes");
    public static Check Version { get; } = new("sev.certificate.version", Stage.Structure, Verdict.None,
        "certificates of version 1 can be judged");
    public static Check Reserved { get; } = new("sev.certificate.reserved", Stage.Structure, Verdict.Contraindicated,
        "what the specification reserves is zero");
    public static Check Key { get; } = new("sev.certificate.key", Stage.Structure, Verdict.Contraindicated,
        "its public key is one, of the kind that its use asks for");
    public static Check Usage { get; } = new("sev.certificate.usage", Stage.Structure, Verdict.Contraindicated,
        "each certificate is in its place: PDH, PEK, OCA, CEK; ASK below ARK");
    public static Check PdhSignature { get; } = new("sev.pdh.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the PEK signed the PDH");
    public static Check PekOwnerSignature { get; } = new("sev.pek.owner_signature", Stage.Endorsement, Verdict.Contraindicated,
        "the OCA signed the PEK");
    public static Check PekChipSignature { get; } = new("sev.pek.chip_signature", Stage.Endorsement, Verdict.Contraindicated,
        "the CEK signed the PEK");
    public static Check OcaSignature { get; } = new("sev.oca.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the OCA signed itself");
    public static Check CekMismatch { get; } = new("sev.cek.mismatch", Stage.Endorsement, Verdict.Contraindicated,
        "the CEK that AMD certified has the key of the one that the platform exports");
    public static Check CekSignature { get; } = new("sev.cek.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the ASK signed the CEK");
    public static Check NotAnchored { get; } = new("sev.chain.not_anchored", Stage.Endorsement, Verdict.None,
        "the chain leads on from the CEK: AMD's signature of it is at hand, and the ASK and ARK above");
    public static Check AskSignature { get; } = new("sev.ask.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the ARK signed the ASK");
    public static Check RootUntrusted { get; } = new("sev.root.untrusted", Stage.Endorsement, Verdict.Contraindicated,
        "the ARK is AMD's by the SHA-256 of the whole certificate, or a simulated one that is named");
    public static Check RootSignature { get; } = new("sev.root.signature", Stage.Endorsement, Verdict.Contraindicated,
        "the ARK signed itself");

    /// <summary>All of them, in the order in which they are made.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Size, Version, Reserved, Key, Usage,
        PdhSignature, PekOwnerSignature, PekChipSignature, OcaSignature, CekMismatch, CekSignature, NotAnchored,
        AskSignature, RootUntrusted, RootSignature,
    ];
}
