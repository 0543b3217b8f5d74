using OpenStackSev.Attestation;

namespace OpenStackSev.Endorsements;

/// <summary>What can be wrong with an endorsement folder, or with what is brought into one. README.md of this project has a line for each.</summary>
/// <remarks>What is wrong with a certificate or CRL itself has the codes of <see cref="SnpCodes"/>.</remarks>
public static class EndorsementCodes
{
    public static Check FileUnreadable { get; } = new("endorsements.file.unreadable", Stage.Endorsement, Verdict.None,
        "every file of the folder can be read");
    public static Check FileMalformed { get; } = new("endorsements.file.malformed", Stage.Endorsement, Verdict.None,
        "a file is the certificate or CRL that its name says");
    public static Check FileMisplaced { get; } = new("endorsements.file.misplaced", Stage.Endorsement, Verdict.Contraindicated,
        "a file is of the line, chip and TCB that its name says");
    public static Check FileUnknown { get; } = new("endorsements.file.unknown", Stage.Endorsement, Verdict.Warning,
        "every file of the folder has a name that this folder gives");
    public static Check FolderUnwritable { get; } = new("endorsements.folder.unwritable", Stage.Endorsement, Verdict.Warning,
        "what was fetched can be written to the folder");
    public static Check CrlNotRefreshed { get; } = new("endorsements.crl.not_refreshed", Stage.Endorsement, Verdict.Warning,
        "a CRL that is due is replaced by a newer one");
    public static Check CrlReplayed { get; } = new("endorsements.crl.replayed", Stage.Endorsement, Verdict.Warning,
        "a CRL is not older than the one in the folder");
    public static Check CrlUnnamed { get; } = new("endorsements.crl.unnamed", Stage.Endorsement, Verdict.None,
        "a CRL says whether it is the one of the VCEKs or of the VLEKs");
    public static Check RootDiffers { get; } = new("endorsements.root.differs", Stage.Endorsement, Verdict.Contraindicated,
        "the folder has one root of a line");
    public static Check BundleMalformed { get; } = new("endorsements.bundle.malformed", Stage.Endorsement, Verdict.None,
        "an archive can be read, and holds files of a bounded number and size");
    public static Check BundleUnsafe { get; } = new("endorsements.bundle.unsafe", Stage.Endorsement, Verdict.Contraindicated,
        "an archive has plain files with relative names only");
    public static Check BundleDigest { get; } = new("endorsements.bundle.digest", Stage.Endorsement, Verdict.Contraindicated,
        "every file of a bundle has the hash that its SHA256SUMS gives");

    public static IReadOnlyList<Check> All { get; } =
    [
        FileUnreadable, FileMalformed, FileMisplaced, FileUnknown, FolderUnwritable, CrlNotRefreshed, CrlReplayed, CrlUnnamed, RootDiffers,
        BundleMalformed, BundleUnsafe, BundleDigest,
    ];
}
