using System.Text;

namespace OpenStackSev.Platform.Tests;

public class SourcesTests
{
    private const string Current = "sys/fs/cgroup/misc.current";

    [Theory]
    [InlineData("", 0u, 0u)]
    [InlineData("sev 410\nsev_es 99\n", 410u, 99u)]
    [InlineData("sev_es 99\n", 0u, 99u)]
    [InlineData("sev 4294967295\n", uint.MaxValue, 0u)]
    [InlineData("tdx 31\nsev 1\nsgx_epc 18446744073709551615\n", 1u, 0u)]
    public void The_lines_of_the_misc_controller_are_counted(string text, uint sev, uint sevEs) =>
        Assert.Equal(new AsidCounts(sev, sevEs), MiscCgroupSource.Parse(text).Value);

    [Theory]
    [InlineData("sev 41")]
    [InlineData("\n")]
    [InlineData("sev\n")]
    [InlineData("sev \n")]
    [InlineData("sev  1\n")]
    [InlineData("sev max\n")]
    [InlineData("sev -1\n")]
    [InlineData("sev +1\n")]
    [InlineData("sev 0x1\n")]
    [InlineData("sev 4294967296\n")]
    [InlineData("sev 1\nsev 1\n")]
    [InlineData("sev_es 1\nsev_es 2\n")]
    [InlineData("sev 1\n\nsev_es 1\n")]
    [InlineData("sev 1 2\n")]
    public void A_line_that_the_kernel_would_not_print_is_malformed(string text) =>
        Assert.Equal(SourceState.Malformed, MiscCgroupSource.Parse(text).State);

    [Fact]
    public void Where_the_root_cgroup_counts_no_use_its_children_do()
    {
        using HostFolder host = new();
        host.Remove(Current);
        host.Write("sys/fs/cgroup/machine.slice/misc.current", "sev 3\nsev_es 1\n");
        host.Write("sys/fs/cgroup/machine.slice/below/misc.current", "sev 3\n");
        host.Write("sys/fs/cgroup/system.slice/misc.current", "sev 2\n");
        Directory.CreateDirectory(host.Path("sys/fs/cgroup/init.scope"));

        PlatformFacts facts = host.Read();
        Assert.Equal(new AsidCounts(5, 1), facts.AsidCurrent);
        Assert.Empty(facts.Findings);
    }

    [Fact]
    public void A_child_that_cannot_be_counted_leaves_the_use_unknown()
    {
        using HostFolder host = new();
        host.Remove(Current);
        host.Write("sys/fs/cgroup/a/misc.current", "sev 4294967295\n");
        host.Write("sys/fs/cgroup/b/misc.current", "sev 1\n");
        Assert.Equal([PlatformCodes.CurrentMalformed], host.Codes());

        host.Folder("sys/fs/cgroup/b/misc.current");
        PlatformFacts facts = host.Read();
        Assert.Null(facts.AsidCurrent);
        Assert.Equal(host.Path("sys/fs/cgroup/b/misc.current"), Assert.Single(facts.Findings).Subject);
    }

    [Fact]
    public void More_children_than_a_machine_has_are_not_counted()
    {
        using HostFolder host = new();
        host.Remove(Current);
        for (int i = 0; i < MiscCgroupSource.RootEntryLimit; i++)
            Directory.CreateDirectory(host.Path($"sys/fs/cgroup/{i}"));
        Assert.Equal([PlatformCodes.CurrentUnreadable], host.Codes());
    }

    [Theory, InlineData("Y\n", true), InlineData("1\n", true), InlineData("N\n", false), InlineData("0\n", false), InlineData("Y", true)]
    public void A_switch_of_kvm_amd_is_a_letter_or_a_digit(string text, bool on) => Assert.Equal(on, KvmAmdSource.ParseSwitch(text).Value);

    [Theory, InlineData(""), InlineData("y\n"), InlineData("2\n"), InlineData("YN\n"), InlineData(" Y\n"), InlineData("-1\n")]
    public void Any_other_switch_is_malformed(string text) => Assert.Equal(SourceState.Malformed, KvmAmdSource.ParseSwitch(text).State);

    [Theory, InlineData("0\n", 0u), InlineData("4294967295\n", uint.MaxValue)]
    public void The_hidden_ASIDs_are_a_number(string text, uint number) => Assert.Equal(number, KvmAmdSource.ParseNumber(text).Value);

    [Theory, InlineData(""), InlineData("\n"), InlineData("9"), InlineData("4294967296\n"), InlineData("-1\n"), InlineData("1 \n"), InlineData("1\n\n")]
    public void Any_other_number_of_hidden_ASIDs_is_malformed(string text) =>
        Assert.Equal(SourceState.Malformed, KvmAmdSource.ParseNumber(text).State);

    [Fact]
    public void A_parameter_that_this_kernel_does_not_have_is_null_and_no_finding()
    {
        using HostFolder host = new();
        host.Remove($"{HostFolder.Parameters}/ciphertext_hiding_asids");
        host.Remove($"{HostFolder.Parameters}/sev_snp");

        PlatformFacts facts = host.Read();
        Assert.Equal(new KvmAmdParameters(true, true, null, null), facts.KvmAmd);
        Assert.Empty(facts.Findings);
    }

    [Fact]
    public void One_parameter_that_cannot_be_trusted_leaves_none()
    {
        using HostFolder host = new();
        host.Write($"{HostFolder.Parameters}/ciphertext_hiding_asids", "many\n");

        PlatformFacts facts = host.Read();
        Assert.Null(facts.KvmAmd);
        AsidPools pools = AsidPools.From(facts);
        Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Fact]
    public void An_empty_kernel_command_line_is_one() => Assert.Equal("", KernelSource.ParseLine("\n", mayBeEmpty: true).Value);

    [Theory, InlineData("a\nb\n"), InlineData("a\u001b[2J\n"), InlineData("a\tb")]
    public void A_kernel_line_with_control_characters_is_malformed(string text) =>
        Assert.Equal(SourceState.Malformed, KernelSource.ParseLine(text, mayBeEmpty: true).State);

    [Fact]
    public void The_security_processors_answer_is_read_field_by_field()
    {
        byte[] bytes = HostFolder.StatusBytes(rmp: 0b1001, flags: 0b011_0111, currentTcb: 0xDB18_0000_0000_0004);
        Assert.Equal(
            new SnpPlatformStatus
            {
                ApiMajor = 1,
                ApiMinor = 55,
                Build = 29,
                State = 1,
                RmpInitialized = true,
                AliasCheckComplete = false,
                TrustedIoEnabled = true,
                MaskedChipId = true,
                MaskedChipKey = true,
                VlekLoaded = true,
                RaplDisabled = true,
                CiphertextHidingCapable = true,
                CiphertextHidingEnabled = false,
                GuestCount = 7,
                CurrentTcb = 0xDB18_0000_0000_0004,
                ReportedTcb = 0xDB17_0000_0000_0004,
            },
            SnpStatusSource.Parse(bytes).Value);
    }

    [Fact]
    public void Of_the_flags_of_the_answer_nine_are_read()
    {
        SnpPlatformStatus none = SnpStatusSource.Parse(new byte[32]).Value;
        List<string> read = [];
        foreach (int offset in (int[])[3, 8, 9, 10, 11])
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bytes = new byte[32];
                bytes[offset] = (byte)(1 << bit);
                if (SnpStatusSource.Parse(bytes).Value != none)
                    read.Add($"{offset}.{bit}");
            }
        }
        Assert.Equal(["3.0", "3.1", "3.3", "8.0", "8.1", "8.2", "8.4", "8.5", "8.6"], read);
    }

    [Theory, InlineData(0), InlineData(31), InlineData(33)]
    public void An_answer_of_another_size_is_malformed(int size) => Assert.Equal(SourceState.Malformed, SnpStatusSource.Parse(new byte[size]).State);

    [Fact]
    public void A_file_with_more_than_the_answer_is_malformed_not_cut()
    {
        using HostFolder host = new();
        host.Write(HostFolder.Status, [.. HostFolder.StatusBytes(), 0]);
        PlatformFacts facts = host.Read();
        Assert.Null(facts.SnpPlatformStatus);
        Assert.Equal([PlatformCodes.SnpStatusMalformed], facts.Findings.Select(f => f.Code));
    }

    [Theory]
    [InlineData($"{HostFolder.Parameters}/sev_snp", "N\n")]
    [InlineData("cpuid", "0x00000000 0x00: eax=0x0 ebx=0x0 ecx=0x0 edx=0x0\n0x00000001 0x00: eax=0x0 ebx=0x0 ecx=0x0 edx=0x0\n")]
    public void Where_SNP_is_off_nobody_misses_the_answer(string file, string text)
    {
        using HostFolder host = new();
        host.Remove(HostFolder.Status);
        host.Write(file, text);

        PlatformFacts facts = host.Read();
        Assert.Null(facts.SnpPlatformStatus);
        Assert.Empty(facts.Findings);
    }

    [Fact]
    public void The_firmwares_status_is_read_field_by_field() =>
        Assert.Equal(
            new SevPlatformStatus { ApiMajor = 1, ApiMinor = 55, State = 2, Owned = true, SevEs = true, Build = 29, GuestCount = 3 },
            SevStatusSource.Parse(HostFolder.SevStatusBytes(state: 2, flags: 1 << 8 | 1)).Value);

    [Fact]
    public void Of_the_flags_of_the_firmwares_status_two_are_read()
    {
        SevPlatformStatus none = SevStatusSource.Parse(new byte[12]).Value;
        Assert.Equal([0, 8], Enumerable.Range(0, 32).Where(bit => SevStatusSource.Parse([0, 0, 0, .. BitConverter.GetBytes(1u << bit), 0, 0, 0, 0, 0]).Value != none));
    }

    [Theory, InlineData(0), InlineData(11), InlineData(13)]
    public void A_status_of_another_size_is_malformed(int size) => Assert.Equal(SourceState.Malformed, SevStatusSource.Parse(new byte[size]).State);

    [Fact]
    public void A_kernel_without_the_parts_attributes_has_nothing_to_say_and_nothing_wrong()
    {
        using HostFolder host = new();
        host.Remove($"{HostFolder.Ccp}/fused_part");
        Assert.Equal(new SecurityAttributes(false, true, null), host.Read().SecurityAttributes);
        host.Remove(HostFolder.Ccp);
        Assert.Null(host.Read().SecurityAttributes);
        host.Remove("sys/bus");
        Assert.Null(host.Read().SecurityAttributes);
        Assert.Empty(host.Codes());
    }

    [Fact]
    public void One_sockets_no_is_the_machines()
    {
        using HostFolder host = new();
        host.Write("sys/bus/pci/drivers/ccp/0000:c1:00.5/fused_part", "0\n");
        PlatformFacts facts = host.Read();
        Assert.Equal(new SecurityAttributes(false, true, false), facts.SecurityAttributes);
        Assert.Equal([PlatformCodes.CcpSocketsDisagree], facts.Findings.Select(finding => finding.Code));
    }

    [Theory, InlineData("0000:01:00.5", true), InlineData("00010000:c1:00.0", true), InlineData("bind", false), InlineData("module", false), InlineData("0000:01:00", false), InlineData("0000:01:..05", false)]
    public void A_socket_is_a_function_of_PCI(string name, bool isOne) => Assert.Equal(isOne, SecurityAttributesSource.IsPciFunction(name));

    [Fact]
    public void A_text_that_is_not_UTF_8_has_no_value() =>
        Assert.Equal(SourceState.Malformed, SourceFolder.Decode(Encoding.Latin1.GetBytes("é")).State);
}
