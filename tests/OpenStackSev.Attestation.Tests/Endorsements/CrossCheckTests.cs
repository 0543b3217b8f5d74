using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Tests.Endorsements;

/// <summary>Two others judge all real certificates as we do: .NET's X509Chain with a custom root, and the openssl command.</summary>
public sealed class CrossCheckTests
{
    private static readonly DateTimeOffset s_then = new(2025, 1, 15, 0, 0, 0, TimeSpan.Zero);

    // certificate, issuer, root, genuine on 2025-01-15, genuine on 2026-11-24
    public static TheoryData<string, string, string, bool, bool> Chains => new(
        ("snp/milan-v2/vcek.der", "milan_ask", "milan_ark", true, true),
        ("snp/milan-v2-debug/vcek.der", "milan_ask", "milan_ark", true, true),
        ("snp/milan-v3/vcek.pem", "milan_ask", "milan_ark", true, true),
        ("snp/genoa-v3/vcek.pem", "genoa_ask", "genoa_ark", true, true),
        ("snp/turin-v5/vcek.pem", "turin_ask", "turin_ark", true, true),
        ("snp/milan-vlek-v3/vlek.der", "milan_asvk", "milan_ark", true, false),
        ("snp/tampered-vcek/test-vcek-invalid-legacy.der", "milan_ask", "milan_ark", false, false),
        ("snp/tampered-vcek/test-vcek-invalid-new.der", "milan_ask", "milan_ark", false, false),
        // the wrong issuer, and the wrong root
        ("snp/genoa-v3/vcek.pem", "milan_ask", "milan_ark", false, false),
        ("snp/milan-vlek-v3/vlek.der", "milan_ask", "milan_ark", false, false),
        ("snp/turin-v5/vcek.pem", "turin_ask", "genoa_ark", false, false));

    [Theory, MemberData(nameof(Chains))]
    public async Task Three_verifiers_agree(string file, string issuer, string root, bool then, bool now)
    {
        byte[] content = Vectors.Read(file);
        VekCertificate vek = Assert.Single(EndorsementBundle.Of(content, file).Keys);
        AuthorityCertificate ask = Vectors.Authority(issuer), ark = Vectors.Authority(root);
        foreach ((DateTimeOffset at, bool good) in new[] { (s_then, then), (Given.Now, now) })
        {
            // A key may be younger than the earlier date: then that date says nothing about its signature.
            DateTimeOffset time = at < vek.NotBefore ? vek.NotBefore.AddDays(1) : at;
            EndorsementChain chain = EndorsementChain.Of(vek, TrustedIssuers.From([ark], [ask], []));
            Assert.Equal(good, chain.Check(time, Attestation.Appraisal.AppraisalPolicy.Default).Count == 0);
            Assert.Equal(good, X509ChainTrusts(vek, ask, ark, time));
            Assert.Equal(good, await OpensslTrusts(vek, ask, ark, time));
        }
    }

    [Theory]
    [InlineData("milan"), InlineData("genoa"), InlineData("turin")]
    public void The_roots_have_the_hashes_that_are_pinned(string line)
    {
        AuthorityCertificate ark = Vectors.Authority(line + "_ark");
        Assert.Equal(ark.Line, AmdRoots.LineOf(ark.Sha256));
        Assert.Equal(line, ark.Line.ToString().ToLowerInvariant());
        foreach (string name in new[] { line + "_ask", line + "_asvk" })
        {
            AuthorityCertificate issuer = Vectors.Authority(name);
            Assert.True(ark.Issued(issuer));
            Assert.True(issuer.MayIssue);
            Assert.Null(AmdRoots.LineOf(issuer.Sha256));
        }
    }

    [Theory]
    [InlineData("milan-v3", 0xDB), InlineData("turin-v5", 81)]
    public void Extensions_are_read_as_INTEGERs(string name, int microcode)
    {
        VekCertificate vek = Vectors.Vek(name);
        Assert.Equal(microcode, vek.Tcb.Microcode);
        Assert.Equal(name.StartsWith("turin", StringComparison.Ordinal) ? 8 : 64, vek.ChipId!.Value.Length);
        Assert.Equal(vek.Line.Layout(), vek.Tcb.Layout);
    }

    private static bool X509ChainTrusts(VekCertificate vek, AuthorityCertificate ask, AuthorityCertificate ark, DateTimeOffset at)
    {
        using X509Chain chain = new();
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(vek.Der.Span), issuer = X509CertificateLoader.LoadCertificate(ask.Der.Span),
            root = X509CertificateLoader.LoadCertificate(ark.Der.Span);
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.Add(issuer);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        return chain.Build(leaf);
    }

    private static async Task<bool> OpensslTrusts(VekCertificate vek, AuthorityCertificate ask, AuthorityCertificate ark, DateTimeOffset at)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("osev-openssl-");
        try
        {
            foreach ((string name, ReadOnlyMemory<byte> der) in new[] { ("vek", vek.Der), ("ask", ask.Der), ("ark", ark.Der) })
                await File.WriteAllTextAsync(Path.Join(folder.FullName, name), PemEncoding.WriteString("CERTIFICATE", der.Span), TestContext.Current.CancellationToken);
            using Process openssl = Process.Start(new ProcessStartInfo("openssl",
                ["verify", "-attime", at.ToUnixTimeSeconds().ToString(), "-CAfile", "ark", "-untrusted", "ask", "vek"])
            {
                WorkingDirectory = folder.FullName,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string output = await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
            return openssl.ExitCode == 0 && output.Contains("vek: OK", StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
