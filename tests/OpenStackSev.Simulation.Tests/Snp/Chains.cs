using OpenStackSev.Simulation.Snp;

[assembly: AssemblyFixture(typeof(OpenStackSev.Simulation.Tests.Snp.Chains))]

namespace OpenStackSev.Simulation.Tests.Snp;

/// <summary>Authorities that all tests share, since RSA keys are slow to make; for the same reason smaller ones than AMD's.</summary>
public sealed class Chains : IDisposable
{
    private readonly Lazy<SimulatedAuthority>[] _authorities = [.. Enum.GetValues<SimulatedLine>().Select(line =>
        new Lazy<SimulatedAuthority>(() => SimulatedAuthority.Create(line, new() { KeyBits = 2048 })))];

    public SimulatedAuthority this[SimulatedLine line] => _authorities[(int)line].Value;

    public void Dispose()
    {
        foreach (Lazy<SimulatedAuthority> authority in _authorities.Where(authority => authority.IsValueCreated))
            authority.Value.Dispose();
    }
}
