using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Tests.Snp;

/// <summary>Real reports and certificates, which are beside the checkout or where OSEV_VECTORS says; skips where they are not.</summary>
internal static class RealVectors
{
    public static byte[] Certificate(string path)
    {
        byte[] content = Bytes(path);
        if (!path.EndsWith(".pem", StringComparison.Ordinal))
            return content;
        string pem = System.Text.Encoding.ASCII.GetString(content);
        return Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
    }

    public static byte[] Bytes(string path)
    {
        string folder = Environment.GetEnvironmentVariable("OSEV_VECTORS") ?? Path.Join(Repository.Root, "../shared/vectors");
        Assert.SkipUnless(Directory.Exists(folder), "no real vectors beside the checkout; OSEV_VECTORS names their folder");
        return File.ReadAllBytes(Path.Join(folder, path));
    }
}
