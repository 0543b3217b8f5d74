using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Tests.Attest;

/// <summary>A simulated chip with its authority as files, to make one thing of them wrong.</summary>
internal sealed class SimulatedEvidence : IDisposable
{
    // One for all tests, of 2048 bits: what its keys are changes only how long the tests take.
    private static readonly Lazy<SimulatedAuthority> s_authority = new(() => SimulatedAuthority.Create(SimulatedLine.Turin, new() { KeyBits = 2048 }));

    private readonly TemporaryFolder _folder = new();

    public SimulatedEvidence()
    {
        Chip = new(Authority);
        Authority.Save(Roots);
        Write("report.bin", Chip.Report(Chip.Fields));
        Write("vcek.der", Chip.Vcek.Certificate);
    }

    public SimulatedAuthority Authority => s_authority.Value;
    public SimulatedSecurityProcessor Chip { get; }

    /// <summary>Folder of ARK, ASK, ASVK, their keys and CRLs.</summary>
    public string Roots => _folder.At("roots");

    public string Report => _folder.At("report.bin");
    public string Vcek => _folder.At("vcek.der");

    /// <summary>The options that make the whole thing affirming, without <c>--certs</c>.</summary>
    public string[] Trusted => ["--report", Report, "--roots", Roots, "--simulated-root", Authority.Ark.Fingerprint];

    public string At(string name) => _folder.At(name);

    public string Write(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllBytes(At(name), content);
        return At(name);
    }

    public string Write(string name, string content) => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public Task<CommandLine> VerifyAsync(params string[] more) => CommandLine.RunAsync(["attest", "verify", .. Trusted, .. more]);

    public void Dispose()
    {
        Chip.Dispose();
        _folder.Dispose();
    }
}
