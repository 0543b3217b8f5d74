using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class AuthorityFolderTests(Chains chains) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_authority_that_was_saved_is_the_same_when_loaded()
    {
        SimulatedAuthority genoa = chains[SimulatedLine.Genoa];
        genoa.Save(_folder.At("chain"));
        using SimulatedAuthority loaded = SimulatedAuthority.Load(_folder.At("chain"));
        Assert.Equal(SimulatedLine.Genoa, loaded.Line);
        Assert.Equal(genoa.VcekChainPem, loaded.VcekChainPem);
        Assert.Equal(genoa.VlekChainPem, loaded.VlekChainPem);
        using SimulatedSecurityProcessor before = new(genoa), after = new(loaded);
        Assert.Equal(before.Vcek.Key.ExportSubjectPublicKeyInfo(), after.Vcek.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void Only_the_owner_reads_the_keys()
    {
        chains[SimulatedLine.Genoa].Save(_folder.At("chain"));
        File.SetUnixFileMode(_folder.At("chain/ark.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        chains[SimulatedLine.Genoa].Save(_folder.At("chain"), replace: true);
        Assert.All(Directory.GetFiles(_folder.At("chain"), "*.key"),
            key => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key)));
        Assert.Equal(["ark.key", "ark.pem", "ask.key", "ask.pem", "asvk.key", "asvk.pem", "vcek.crl", "vlek.crl"],
            Directory.GetFiles(_folder.At("chain")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_authority_is_replaced_only_when_asked_and_somebody_elses_never()
    {
        chains[SimulatedLine.Genoa].Save(_folder.At("chain"));
        Assert.Contains("is there already",
            Assert.Throws<SimulationException>(() => chains[SimulatedLine.Turin].Save(_folder.At("chain"))).Message, StringComparison.Ordinal);
        chains[SimulatedLine.Turin].Save(_folder.At("chain"), replace: true);
        using (SimulatedAuthority loaded = SimulatedAuthority.Load(_folder.At("chain")))
            Assert.Equal(SimulatedLine.Turin, loaded.Line);
        File.WriteAllText(_folder.At("ark.key"), "precious");
        Assert.Throws<SimulationException>(() => chains[SimulatedLine.Turin].Save(_folder.Path, replace: true));
        Assert.Equal("precious", File.ReadAllText(_folder.At("ark.key")));
    }

    [Fact]
    public void A_folder_without_an_authority_is_told()
    {
        Assert.Contains("holds no simulated chain",
            Assert.Throws<SimulationException>(() => SimulatedAuthority.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }
}
