using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Fuzz;

/// <summary>Sound simulated evidence, to start from. Its authorities are kept in a folder, so that an input means the same in the next run.</summary>
internal sealed class Evidence : IDisposable
{
    private readonly Dictionary<SimulatedLine, SimulatedAuthority> _authorities = [];
    private readonly string? _vectors;

    public Evidence(string folder)
    {
        _vectors = Environment.GetEnvironmentVariable("OSEV_VECTORS") ?? Path.GetFullPath(Path.Join(Repository.Root, "..", "shared", "vectors"));
        foreach (SimulatedLine line in new[] { SimulatedLine.Milan, SimulatedLine.Turin })
        {
            string own = Path.Join(folder, line.ToString());
            if (!File.Exists(Path.Join(own, "asvk.key")))
            {
                using SimulatedAuthority made = SimulatedAuthority.Create(line, new() { KeyBits = 2048, Time = new Clock() });
                Directory.CreateDirectory(own);
                made.Save(own, replace: true);
            }
            _authorities[line] = SimulatedAuthority.Load(own, new Clock());
        }
        string pem = Path.Join(folder, "results.pem");
        if (!File.Exists(pem))
        {
            using EarSigningKey made = EarSigningKey.Create();
            File.WriteAllText(pem, made.ExportPem());
        }
        Signer = EarSigningKey.FromPem(File.ReadAllText(pem));
        Issuers = TrustedIssuers.From(Roots, Intermediates, [], _authorities.Values.Select(a => a.Ark.Fingerprint).ToHashSet(StringComparer.Ordinal));
    }

    public static DateTimeOffset Now { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public IEnumerable<SimulatedAuthority> Authorities => _authorities.Values;

    /// <summary>Signs results.</summary>
    public EarSigningKey Signer { get; }

    /// <summary>Trusted as simulated ones.</summary>
    public TrustedIssuers Issuers { get; }

    public IEnumerable<AuthorityCertificate> Roots => Authorities.Select(a => Parsed(a.Ark));

    private IEnumerable<AuthorityCertificate> Intermediates => Authorities.SelectMany(a => new[] { Parsed(a.Ask), Parsed(a.Asvk) });

    public SimulatedSecurityProcessor Chip(SimulatedLine line) => new(_authorities[line]);

    /// <summary>Real files of these kinds, where the folder of vectors is beside the checkout; else none.</summary>
    public IEnumerable<byte[]> Real(string folder, params string[] endings)
    {
        string path = Path.Join(_vectors, folder);
        return !Directory.Exists(path) ? []
            : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
                .Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
    }

    public void Dispose()
    {
        Signer.Dispose();
        foreach (SimulatedAuthority authority in Authorities)
            authority.Dispose();
    }

    private static AuthorityCertificate Parsed(SimulatedIssuer issuer) =>
        AuthorityCertificate.TryParse(issuer.Certificate, out AuthorityCertificate? certificate, out Attestation.Finding? malformed)
            ? certificate
            : throw new InvalidDataException(malformed.ToString());

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
