using System.Security.Cryptography;
using SharpFuzz;

namespace OpenStackSev.Fuzz;

/// <summary>A copy of this program whose parsers count the branches that they take.</summary>
internal static class Instrumentation
{
    private const string Stamp = "instrumented-from";

    private static readonly (string File, Func<string, bool> Types)[] s_assemblies =
    [
        ("OpenStackSev.Attestation.dll", _ => true),
        ("OpenStackSev.Endorsements.dll", _ => true),
        ("openstack-sev-control.dll", type => type.StartsWith("OpenStackSev.Control.Notifications.Notification", StringComparison.Ordinal)),
        ("OpenStackSev.Validation.dll", type => type.StartsWith("OpenStackSev.Validation.Templates.", StringComparison.Ordinal)),
        ("osev.dll", type => type.StartsWith("OpenStackSev.Cli.Validation.Heat.TemplateYaml", StringComparison.Ordinal)),
        // Of BouncyCastle what reads a CRL; all of it takes longer to instrument than a short run lasts.
        ("BouncyCastle.Cryptography.dll", type => type.StartsWith("Org.BouncyCastle.Asn1.", StringComparison.Ordinal)
            && type.LastIndexOf('.') == "Org.BouncyCastle.Asn1".Length || type.StartsWith("Org.BouncyCastle.X509.X509Crl", StringComparison.Ordinal)
            || type.StartsWith("Org.BouncyCastle.Asn1.X509.", StringComparison.Ordinal)),
    ];

    /// <summary>Makes it in <paramref name="folder"/>, or takes what is there when it is of the same assemblies.</summary>
    /// <returns>The program to start.</returns>
    public static string Prepare(string folder)
    {
        string program = Path.Join(folder, "OpenStackSev.Fuzz");
        string stamp = Path.Join(folder, Stamp);
        string hashes = string.Join('\n', Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Order(StringComparer.Ordinal).Select(Hash));
        if (File.Exists(stamp) && File.ReadAllText(stamp) == hashes)
            return program;
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Join(folder, Path.GetFileName(file)));
        foreach ((string file, Func<string, bool> types) in s_assemblies)
            Fuzzer.Instrument(Path.Join(folder, file), types, Options.Value);
        File.WriteAllText(stamp, hashes);
        return program;
    }

    private static string Hash(string file) => Path.GetFileName(file) + " " + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
