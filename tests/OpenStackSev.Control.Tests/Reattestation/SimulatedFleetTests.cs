using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Simulation.Fleet;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>A fleet with liars in it, from Nova's list to the verdict of each.</summary>
public sealed class SimulatedFleetTests
{
    [Fact]
    public async Task Each_lie_gets_its_code_and_the_honest_ones_feel_nothing_of_it()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        await lab.Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(
            Policies.Given.Record(Policies.Given.Version(1, """{"version":1,"name":"named","minimum_tcb":{"turin":{"snp":4}}}""", active: true)));
        SimulatedLie[] lies = Enum.GetValues<SimulatedLie>();
        var members = new List<FleetMember>();
        for (int i = 0; i < 3 * lies.Length; i++)
        {
            var instance = new Guid(i + 1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);
            lab.Set(instance, StoryCloud.Server(instance.ToString(), GuestLab.Project, StoryCloud.SpecsOf("amd-sev-snp"), i % 2 == 0 ? GuestLab.Host : GuestLab.OtherHost));
            members.Add(new FleetMember(instance, (await lab.VendordataAsync(instance)).OpenstackSev!.Ticket, i % 2, lies[i % lies.Length]));
        }

        using var fleet = new SimulatedFleet(lab.Control.Http, [lab.Chip, lab.OtherChip], members);
        var pace = new FleetPace { Parallel = 8 };
        IReadOnlyList<FleetOutcome> first = await fleet.RoundAsync(pace, TestContext.Current.CancellationToken);
        // Nothing to replay yet.
        Assert.All(first.Where(outcome => outcome.Member.Lie is SimulatedLie.None or SimulatedLie.Replay), outcome => Assert.Equal("affirming", outcome.Verdict));
        IReadOnlyList<FleetOutcome> second = await fleet.RoundAsync(pace, TestContext.Current.CancellationToken);
        Assert.Equal(members.Count, second.Count);
        Assert.All(second, outcome => Assert.Equal((outcome.Member.Lie, Expected(outcome.Member.Lie)), (outcome.Member.Lie, (outcome.Verdict, outcome.Code))));
    }

    private static (string? Verdict, string? Code) Expected(SimulatedLie lie) => lie switch
    {
        SimulatedLie.None => ("affirming", null),
        SimulatedLie.WrongChip => (null, AttestationErrors.EvidenceWrongChip.Code),
        SimulatedLie.OldTcb => ("contraindicated", OpenStackSev.Attestation.SnpCodes.TcbBelowMinimum.Code),
        SimulatedLie.Debug => ("contraindicated", OpenStackSev.Attestation.SnpCodes.Debug.Code),
        SimulatedLie.Replay => (null, AttestationErrors.EvidenceReplayed.Code),
        SimulatedLie.ForeignNonce => (null, AttestationErrors.EvidenceForeign.Code),
        _ => (null, null),
    };
}
