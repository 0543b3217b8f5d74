using OpenStackSev.Attestation.Endorsements;

namespace OpenStackSev.Endorsements.Tests;

/// <summary>Bytes made by AMD's KDS. They are data of other projects and live beside this checkout, never in it.</summary>
internal static class Vectors
{
    private static readonly string s_folder =
        Environment.GetEnvironmentVariable("OSEV_VECTORS") ?? Path.GetFullPath(Path.Join(Repository.Root, "..", "shared", "vectors"));

    /// <summary>Ends the test as skipped where the vectors are absent.</summary>
    public static string Folder
    {
        get
        {
            Assert.SkipUnless(Directory.Exists(s_folder), "no real vectors beside the checkout; OSEV_VECTORS names their folder");
            return s_folder;
        }
    }

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Join(Folder, name));

    public static VekCertificate Key(string name) => Assert.Single(EndorsementBundle.Of(Read(name), name).Keys);
}
