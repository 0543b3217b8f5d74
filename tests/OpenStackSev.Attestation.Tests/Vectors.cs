using OpenStackSev.Attestation.Endorsements;

namespace OpenStackSev.Attestation.Tests;

/// <summary>Bytes made by AMD hardware or by AMD's KDS. They are data of other projects and live beside this checkout, never in it.</summary>
internal static class Vectors
{
    private static readonly string s_folder =
        Environment.GetEnvironmentVariable("OSEV_VECTORS") ?? Path.GetFullPath(Path.Join(Repository.Root, "..", "shared", "vectors"));

    /// <summary>Ends the test as skipped where the vectors are absent.</summary>
    public static byte[] Read(string name)
    {
        Assert.SkipUnless(Directory.Exists(s_folder), "no real vectors beside the checkout; OSEV_VECTORS names their folder");
        return File.ReadAllBytes(Path.Join(s_folder, name));
    }

    public static byte[] Report(string name) => Read($"snp/{name}/report.bin");

    /// <summary>The VCEK or VLEK beside a report.</summary>
    public static VekCertificate Vek(string name)
    {
        string file = name switch { "milan-vlek-v3" => "vlek.der", "milan-v2" or "milan-v2-debug" => "vcek.der", _ => "vcek.pem" };
        EndorsementBundle bundle = EndorsementBundle.Of(Read($"snp/{name}/{file}"), file);
        return Assert.Single(bundle.Keys);
    }

    public static AuthorityCertificate Authority(string name)
    {
        Assert.True(AuthorityCertificate.TryParse(Read($"roots/{name}.der"), out AuthorityCertificate? certificate, out Finding? malformed),
            malformed?.ToString());
        return certificate;
    }

    /// <summary>AMD's own roots and issuers.</summary>
    public static TrustedIssuers AmdIssuers(params RevocationList[] revocations)
    {
        string[] lines = ["milan", "genoa", "turin"];
        return TrustedIssuers.From(lines.Select(line => Authority(line + "_ark")),
            lines.SelectMany(line => new[] { Authority(line + "_ask"), Authority(line + "_asvk") }), revocations);
    }
}
