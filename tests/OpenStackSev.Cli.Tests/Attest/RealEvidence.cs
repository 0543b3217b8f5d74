namespace OpenStackSev.Cli.Tests.Attest;

/// <summary>Files made by AMD hardware or by AMD's KDS. They are data of other projects and live beside this checkout, never in it.</summary>
internal static class RealEvidence
{
    private static readonly string s_folder =
        Environment.GetEnvironmentVariable("OSEV_VECTORS") ?? Path.GetFullPath(Path.Join(Repository.Root, "..", "shared", "vectors"));

    /// <summary>Path of a file or folder. Ends the test as skipped where there are none.</summary>
    public static string At(string name)
    {
        Assert.SkipUnless(Directory.Exists(s_folder), "no real vectors beside the checkout; OSEV_VECTORS names their folder");
        return Path.Join(s_folder, name);
    }
}
