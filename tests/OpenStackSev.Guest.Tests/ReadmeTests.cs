using System.Reflection;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Rounds;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests;

public sealed class ReadmeTests
{
    private static readonly string s_readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Guest", "README.md"));

    public static TheoryData<string> Codes =>
    [
        .. new[] { typeof(InstructionsCodes), typeof(ReportCodes), typeof(ControlCodes), typeof(SocketCodes) }
            .SelectMany(codes => codes.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(code => (string)code.GetRawConstantValue()!),
    ];

    [Theory, MemberData(nameof(Codes))]
    public void Each_code_has_a_line(string code) => Assert.Contains($"\n| `{code}` | ", s_readme, StringComparison.Ordinal);

    [Fact]
    public async Task Its_consoles_print_what_it_says()
    {
        using var folder = new TemporaryFolder();
        await using var cloud = new LoopbackCloud();
        await using SimulatedTsm simulated = SimulatedTsm.Start(folder.At("guest"), new SimulatedGuest(Given.Authority));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        (string, string)[] places = [("DIR", folder.Path), ("METADATA", cloud.Metadata.AbsoluteUri), ("URL", cloud.Url.AbsoluteUri), ("DATA", new string('5', 128))];
        Task<int> service = new GuestCommands(TextWriter.Null, TextWriter.Null).RunAsync(
            ["run", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("guest"), "--runtime-dir", folder.At("run")], stop.Token);
        await Given.EventuallyAsync(() => File.Exists(folder.At("run/token")));
        int examples = 0;
        foreach (string block in s_readme.Split("```console\n").Skip(1).Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)]))
        {
            foreach (string[] example in ("\n" + block).Split("\n$ openstack-sev-guest ").Skip(1).Select(example => example.Split('\n', 2)))
            {
                string[] parts = example[0].Split(" | head -");
                using StringWriter output = new(), error = new();
                Assert.Equal(0, await new GuestCommands(output, error).RunAsync([.. parts[0].Split(' ').Select(Placed)], stop.Token));
                IEnumerable<string> lines = output.ToString().TrimEnd('\n').Split('\n');
                Assert.Equal(Placed(example[1].TrimEnd('\n')), string.Join('\n', parts.Length > 1 ? lines.Take(int.Parse(parts[1])) : lines));
                examples++;
            }
        }

        Assert.Equal(4, examples);
        await stop.CancelAsync();
        Assert.Equal(0, await service);

        // METADATA goes before DATA, whose letters it holds.
        string Placed(string text) => places.OrderByDescending(place => place.Item1.Length).Aggregate(text, (all, place) => all.Replace(place.Item1, place.Item2, StringComparison.Ordinal));
    }
}
