using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.Simulation.Snp;

/// <summary>An authority as files: certificates, keys that only the owner reads, and revocation lists.</summary>
internal static class SimulatedAuthorityFolder
{
    private static readonly string[] Roles = ["ark", "ask", "asvk"];

    public static void Save(SimulatedAuthority authority, string folder, bool replace)
    {
        SimulatedIssuer[] issuers = [authority.Ark, authority.Ask, authority.Asvk];
        List<(string Name, byte[] Content)> files = [];
        foreach ((string role, SimulatedIssuer issuer) in Roles.Zip(issuers))
        {
            files.Add((role + ".pem", System.Text.Encoding.ASCII.GetBytes(issuer.CertificatePem)));
            files.Add((role + ".key", System.Text.Encoding.ASCII.GetBytes(issuer.Key.ExportPkcs8PrivateKeyPem() + "\n")));
        }
        byte[] crl = authority.IssueCrl();
        files.Add(("vcek.crl", crl));
        files.Add(("vlek.crl", crl));

        string[] present = [.. files.Select(file => Path.Join(folder, file.Name)).Where(Path.Exists)];
        if (present is [string first, ..] && !replace)
            throw new SimulationException($"{first} is there already; nothing was written", "choose another folder, or replace with --force");
        // Whatever --force means, it does not mean keys of somebody's real authority that happen to have these names.
        if (present.Length > 0 && !IsSimulated(folder))
            throw new SimulationException($"{folder} holds other certificates than a simulated chain's; nothing was written", "choose another folder");
        try
        {
            Directory.CreateDirectory(folder);
            foreach ((string name, byte[] content) in files)
                Write(Path.Join(folder, name), content, isSecret: name.EndsWith(".key", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{folder} could not be written: {e.Message}", "choose a folder that is yours", e);
        }
    }

    public static (SimulatedLine Line, SimulatedIssuer[] Issuers) Load(string folder)
    {
        try
        {
            SimulatedIssuer[] issuers = [.. Roles.Select(role => Read(folder, role))];
            string name = issuers[0].CommonName;
            if (!name.StartsWith("ARK-", StringComparison.Ordinal) || !Enum.TryParse(name[4..], out SimulatedLine line))
            {
                throw new SimulationException($"{Path.Join(folder, "ark.pem")} is of {name}, which is no line of AMD's",
                    "make a chain: osev simulate chain --product turin --out DIR");
            }
            return (line, issuers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SimulationException($"{folder} holds no simulated chain: {e.Message}",
                "make one: osev simulate chain --product turin --out DIR", e);
        }
    }

    private static SimulatedIssuer Read(string folder, string role)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(folder, role + ".pem")));
        RSA key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Join(folder, role + ".key")));
        return new(key, certificate.RawData);
    }

    private static bool IsSimulated(string folder)
    {
        try
        {
            using X509Certificate2 ark = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(folder, "ark.pem")));
            return ark.Subject.Contains("O=" + SimulatedAuthority.Organization, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }

    // Written beside and renamed: a reader has the old file or the new one, and the mode of an old one does not stay.
    private static void Write(string path, byte[] content, bool isSecret)
    {
        string beside = path + ".new-" + Guid.NewGuid().ToString("N")[..8];
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret)
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (FileStream stream = new(beside, options))
            stream.Write(content);
        File.Move(beside, path, overwrite: true);
    }
}
