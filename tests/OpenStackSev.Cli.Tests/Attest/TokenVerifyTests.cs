using System.Security.Cryptography;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Cli.Tests.Attest;

/// <summary><c>osev attest token verify</c>, with results as the control plane signs them.</summary>
public sealed class TokenVerifyTests : IDisposable
{
    private const string Issuer = "https://attestation.example.org";

    private readonly SimulatedEvidence evidence = new();
    private readonly EarSigningKey key = EarSigningKey.Create();

    public void Dispose()
    {
        evidence.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task A_good_result_is_believed_and_its_status_is_the_exit_code()
    {
        string keys = evidence.Write("jwks.json", EarVerificationKeys.Of(key).Write()), token = Token();
        CommandLine run = await CommandLine.RunAsync("attest", "token", "verify", token, "--keys", keys, "--issuer", Issuer, "--accept-simulated");
        // A simulated processor's is a warning at most.
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", run.Out, StringComparison.Ordinal);
        CommandLine file = await CommandLine.RunAsync("attest", "token", "verify", evidence.Write("token.jwt", token + "\n"), "--keys", keys, "--issuer", Issuer, "--accept-simulated", "-f", "json");
        Assert.Equal(("warning", true), (file.Json().GetProperty("status").GetString(), file.Json().GetProperty("simulated").GetBoolean()));
    }

    [Theory]
    [InlineData("--issuer https://other.example.org --accept-simulated", "ear.issuer.mismatch")]
    [InlineData("--issuer https://attestation.example.org", "ear.simulated")]
    [InlineData("--issuer https://attestation.example.org --accept-simulated --audience me", "ear.audience.mismatch")]
    public async Task One_that_was_not_expected_is_not_believed(string options, string code)
    {
        string keys = evidence.Write("jwks.json", EarVerificationKeys.Of(key).Write());
        CommandLine run = await CommandLine.RunAsync(["attest", "token", "verify", Token(), "--keys", keys, .. options.Split(' ')]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(code, run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("5f0f2ffb", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_somebody_else_and_keys_that_are_none_believe_nothing()
    {
        using EarSigningKey other = EarSigningKey.Create();
        CommandLine run = await CommandLine.RunAsync("attest", "token", "verify", Token(), "--keys", evidence.Write("other.json", EarVerificationKeys.Of(other).Write()), "--issuer", Issuer);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("ear.key.unknown", run.Out, StringComparison.Ordinal);
        (await CommandLine.RunAsync("attest", "token", "verify", Token(), "--keys", evidence.Write("none.json", "{}"), "--issuer", Issuer)).AssertError(3, "--keys: ear.keys.malformed");
        (await CommandLine.RunAsync("attest", "token", "verify", Token(), "--keys", "http://attestation.example.org/.well-known/jwks.json", "--issuer", Issuer)).AssertError(64, "--keys http://attestation.example.org");
    }

    private string Token()
    {
        byte[] expected = new byte[64];
        byte[] report = evidence.Chip.Report(evidence.Chip.Fields with { ReportData = expected });
        EndorsementBundle bundle = EndorsementBundle.Of(evidence.Chip.Vcek.Certificate, "vcek");
        bundle.Add(evidence.Authority.Ask.Certificate, "ask");
        bundle.Add(evidence.Authority.Ark.Certificate, "ark");
        EndorsementChain? chain = EndorsementChoice.ChainOf(report, bundle.Keys, TrustedIssuers.From(bundle.Authorities, bundle.Authorities, [],
            new HashSet<string>(StringComparer.Ordinal) { evidence.Authority.Ark.Fingerprint }));
        AttestationResult result = Verifier.Appraise(report, chain, AppraisalPolicy.Default, expected, DateTimeOffset.UtcNow);
        using var guest = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return EarToken.Sign(result, new OpenStackSubject(new Guid("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"), "p1", Guid.NewGuid()), ConfirmationKey.Of(guest),
            Issuer, null, key, DateTimeOffset.UtcNow, TimeSpan.FromMinutes(45));
    }
}
