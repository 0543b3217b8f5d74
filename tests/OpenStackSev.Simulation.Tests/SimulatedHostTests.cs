namespace OpenStackSev.Simulation.Tests;

public sealed class SimulatedHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Host => _folder.At("host");

    public static TheoryData<string> Models => [.. HostModel.All.Select(m => m.Name)];
    public static TheoryData<string> Sicknesses => [.. Sickness.All.Select(s => s.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Models))]
    public void The_same_options_give_the_same_bytes(string model)
    {
        SimulatedHostOptions options = new(HostModel.Named(model)!) { Asids = 12 };
        SimulatedHost.Write(Host, options);
        Dictionary<string, string> first = Tree(Host);
        SimulatedHost.Write(_folder.At("second"), options);
        Assert.Equal(first, Tree(_folder.At("second")));
    }

    [Fact]
    public void Garbage_is_the_same_garbage_every_time_and_other_garbage_in_every_file()
    {
        SimulatedHostOptions options = new(HostModel.Named("turin")!) { Sick = Sickness.Garbage };
        SimulatedHost.Write(Host, options);
        Dictionary<string, string> first = Tree(Host);
        SimulatedHost.Write(Host, options);
        Assert.Equal(first, Tree(Host));
        Assert.NotEqual(first["cpuid"], first["proc/cmdline"]);
    }

    [Theory, MemberData(nameof(Sicknesses))]
    public void Every_sickness_leaves_the_marker_readable(string sick)
    {
        SimulatedHost.Write(Host, new(HostModel.Named("turin")!) { Sick = Sickness.Named(sick) });
        Assert.True(SimulatedHost.IsSimulated(Host));
        Assert.Contains($"sick {sick}: ", File.ReadAllText(Path.Join(Host, SimulatedHost.Marker)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_simulated_host_is_replaced_and_nothing_of_it_stays()
    {
        SimulatedHost.Write(Host, new(HostModel.Named("turin")!));
        SimulatedHost.Write(Host, new(HostModel.Named("rome")!));
        Assert.False(File.Exists(Path.Join(Host, "dev/sev.snp_platform_status")));
        Assert.Equal([Host], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_of_somebody_else_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(Host);
        File.WriteAllText(Path.Join(Host, "thesis.tex"), "years");
        Assert.Throws<SimulationException>(() => SimulatedHost.Write(Host, new(HostModel.Named("turin")!)));
        Assert.Equal(["thesis.tex"], Tree(Host).Keys);
    }

    [Fact]
    public void A_file_that_only_has_the_name_of_the_marker_is_none()
    {
        Directory.CreateDirectory(Host);
        File.WriteAllText(Path.Join(Host, SimulatedHost.Marker), "my own notes on what was simulated");
        Assert.Throws<SimulationException>(() => SimulatedHost.Write(Host, new(HostModel.Named("turin")!)));
    }

    [Fact]
    public void A_file_in_place_of_the_folder_is_refused()
    {
        File.WriteAllText(Host, "");
        Assert.Throws<SimulationException>(() => SimulatedHost.Write(Host, new(HostModel.Named("turin")!)));
        Assert.True(File.Exists(Host));
    }

    [Fact]
    public void An_empty_folder_and_one_behind_a_link_are_written()
    {
        Directory.CreateDirectory(Host);
        Directory.CreateSymbolicLink(_folder.At("link"), Host);
        SimulatedHost.Write(_folder.At("link"), new(HostModel.Named("turin")!));
        Assert.True(SimulatedHost.IsSimulated(Host));
        Assert.NotNull(new DirectoryInfo(_folder.At("link")).LinkTarget);
    }

    [Fact]
    public void Running_guests_change_and_nothing_else_does()
    {
        SimulatedHost.Write(Host, new(HostModel.Named("turin")!) { RunningSev = 2 });
        Assert.Equal("sev 2\nsev_es 0\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
        Dictionary<string, string> before = Tree(Host);
        SimulatedHost.SetCurrent(Host, 5, 1);
        Dictionary<string, string> after = Tree(Host);
        Assert.Equal("sev 5\nsev_es 1\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
        Assert.Equal(["sys/fs/cgroup/misc.current"], after.Keys.Where(path => before[path] != after[path]));
    }

    [Fact]
    public void A_kind_without_capacity_has_no_line()
    {
        SimulatedHost.Write(Host, new(HostModel.Named("turin")!) { MinimumSevAsid = 1 });
        Assert.Equal("sev 1006\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.capacity")));
        Assert.Equal("N\n", File.ReadAllText(Path.Join(Host, "sys/module/kvm_amd/parameters/sev_es")));
        Assert.Equal("N\n", File.ReadAllText(Path.Join(Host, "sys/module/kvm_amd/parameters/sev_snp")));
        SimulatedHost.SetCurrent(Host, 3, 0);
        Assert.Equal("sev 3\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
    }

    [Fact]
    public void Running_guests_of_no_simulated_host_are_refused()
    {
        Directory.CreateDirectory(Path.Join(Host, "sys/fs/cgroup"));
        File.WriteAllText(Path.Join(Host, "sys/fs/cgroup/misc.current"), "sev 0\n");
        Assert.Throws<SimulationException>(() => SimulatedHost.SetCurrent(Host, 5, 0));
        Assert.Equal("sev 0\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
    }

    [Fact]
    public void Running_guests_without_the_misc_controller_are_refused()
    {
        SimulatedHost.Write(Host, new(HostModel.Named("turin")!) { Sick = Sickness.NoMiscCgroup });
        Assert.Throws<SimulationException>(() => SimulatedHost.SetCurrent(Host, 5, 0));
    }

    [Theory]
    [InlineData("turin", null, null, 253, 1006)]
    [InlineData("turin", 200u, null, 100, 200)]
    [InlineData("turin", 253u, null, 253, 253)]
    [InlineData("turin", 252u, null, 126, 252)]
    [InlineData("turin", 2u, null, 1, 2)]
    [InlineData("turin", 1u, null, 1, 1)]
    [InlineData("turin", 1u, 2u, 2, 1)]
    [InlineData("naples", null, null, 5, 15)]
    [InlineData("rome", 2000u, 1500u, 1500, 2000)]
    public void A_minimum_that_was_not_asked_for_leaves_half_to_sev(
        string model, uint? asids, uint? minimum, uint expectedMinimum, uint expectedMaximum)
    {
        SimulatedHostOptions options = new(HostModel.Named(model)!) { Asids = asids, MinimumSevAsid = minimum };
        Assert.Empty(options.Problems());
        HostNumbers numbers = HostNumbers.Of(options);
        Assert.Equal((expectedMinimum, expectedMaximum), (numbers.MinimumSevAsid, numbers.MaximumAsid));
    }

    [Theory]
    [InlineData("turin-cth", null, null, 128)]
    [InlineData("turin-cth", 20u, null, 5)]
    [InlineData("turin-cth", 4u, null, 1)]
    [InlineData("turin-cth", 1u, null, 0)]
    [InlineData("turin-cth", null, 0u, 0)]
    [InlineData("turin", null, 252u, 252)]
    [InlineData("genoa", null, null, 0)]
    public void Hidden_asids_shrink_with_their_pool_unless_asked_for(string model, uint? asids, uint? hidden, uint expected)
    {
        SimulatedHostOptions options = new(HostModel.Named(model)!) { Asids = asids, HiddenAsids = hidden };
        Assert.Empty(options.Problems());
        Assert.Equal(expected, HostNumbers.Of(options).Hidden);
    }

    [Theory]
    [InlineData("turin", 0u, null, null, null, "--asids 0")]
    [InlineData("turin", 10u, 0u, null, null, "--min-sev-asid 0")]
    [InlineData("turin", 10u, 12u, null, null, "--min-sev-asid 12")]
    [InlineData("turin", 4294967295u, 0u, null, null, "--min-sev-asid 0")]
    [InlineData("turin", null, null, 253u, null, "--hidden-asids 253")]
    [InlineData("genoa", null, null, 1u, null, "--hidden-asids 1")]
    [InlineData("rome", null, null, null, "post-cve-2025-48514", "--sick post-cve-2025-48514")]
    [InlineData("turin", null, 1u, null, "snp-status-missing", "--sick snp-status-missing")]
    public void What_no_machine_can_be_is_refused(string model, uint? asids, uint? minimum, uint? hidden, string? sick, string expected)
    {
        SimulatedHostOptions options = new(HostModel.Named(model)!)
        {
            Asids = asids,
            MinimumSevAsid = minimum,
            HiddenAsids = hidden,
            Sick = sick is null ? null : Sickness.Named(sick),
        };
        Assert.StartsWith(expected + ":", Assert.Single(options.Problems()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SimulatedHost.Write(Host, options));
        Assert.False(Directory.Exists(Host));
    }

    private static Dictionary<string, string> Tree(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(folder, path),
                path => Convert.ToHexString(File.ReadAllBytes(path)), StringComparer.Ordinal);
}
