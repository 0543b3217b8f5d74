using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Tests.Snp;

/// <summary>Real reports and certificates, which are beside the checkout or where OSEV_VECTORS says; skips where they are not.</summary>
internal static class RealVectors
{
    public static byte[] Certificate(string path)
    {
        byte[] content = Bytes(path);
        return path.EndsWith(".pem", StringComparison.Ordinal)
            ? Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(content)
                [PemEncoding.Find(System.Text.Encoding.ASCII.GetString(content)).Base64Data])
            : content;
    }

    public static byte[] Bytes(string path)
    {
        string[] places = Environment.GetEnvironmentVariable("OSEV_VECTORS") is { Length: > 0 } named
            ? [named]
            : [Path.Join(Repository.Root, "../shared/vectors")];
        string? folder = places.FirstOrDefault(Directory.Exists);
        if (folder is null)
            Assert.Skip($"no real vectors in {places[0]}; OSEV_VECTORS names their folder");
        return File.ReadAllBytes(Path.Join(folder, path));
    }
}
