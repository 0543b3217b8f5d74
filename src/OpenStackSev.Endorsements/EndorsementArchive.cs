namespace OpenStackSev.Endorsements;

/// <summary>Endorsements as one file or folder for a place without a network.</summary>
public static class EndorsementArchive
{
    /// <summary>The list of hashes, as <c>sha256sum</c> writes and checks it.</summary>
    public const string Manifest = "SHA256SUMS";
}
