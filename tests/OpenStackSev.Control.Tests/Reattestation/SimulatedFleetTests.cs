using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>A fleet with liars in it, from Nova's list to the verdict of each.</summary>
public sealed class SimulatedFleetTests
{
    private static readonly SimulatedTcb s_old = new(1, 1, 0, 1, 1);

    [Fact]
    public async Task Each_lie_gets_its_code_and_the_honest_ones_feel_nothing_of_it()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        await lab.Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(
            Policies.Given.Record(Policies.Given.Version(1, """{"version":1,"name":"named","minimum_tcb":{"turin":{"snp":4}}}""", active: true)));
        using var old = new SimulatedSecurityProcessor(GuestLab.Authority, lab.Chip.ChipId, s_old);
        using var otherOld = new SimulatedSecurityProcessor(GuestLab.Authority, lab.OtherChip.ChipId, s_old);
        Lie[] lies = Enum.GetValues<Lie>();
        var members = new List<FleetMember>();
        for (int i = 0; i < 3 * lies.Length; i++)
        {
            var instance = new Guid(i + 1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);
            lab.Set(instance, StoryCloud.Server(instance.ToString(), GuestLab.Project, StoryCloud.SpecsOf("amd-sev-snp"), i % 2 == 0 ? GuestLab.Host : GuestLab.OtherHost));
            members.Add(new FleetMember(instance, i % 2, lies[i % lies.Length], (await lab.VendordataAsync(instance)).OpenstackSev!.Ticket));
        }

        using var fleet = new SimulatedFleet(lab.Control.Http, [lab.Chip, lab.OtherChip], [old, otherOld], members);
        IReadOnlyList<FleetOutcome> first = await fleet.RoundAsync(8, TestContext.Current.CancellationToken);
        // Nothing to replay yet.
        Assert.All(first.Where(outcome => outcome.Member.Lie is Lie.None or Lie.Replay), outcome => Assert.Equal("affirming", outcome.Verdict));
        IReadOnlyList<FleetOutcome> second = await fleet.RoundAsync(8, TestContext.Current.CancellationToken);
        Assert.Equal(3 * (lies.Length - 1), second.Count);
        Assert.All(second, outcome => Assert.Equal((outcome.Member.Lie, Expected(outcome.Member.Lie)), (outcome.Member.Lie, (outcome.Verdict, outcome.Code))));
    }

    private static (string? Verdict, string? Code) Expected(Lie lie) => lie switch
    {
        Lie.None => ("affirming", null),
        Lie.WrongChip => (null, AttestationErrors.EvidenceWrongChip.Code),
        Lie.OldTcb => ("contraindicated", OpenStackSev.Attestation.SnpCodes.TcbBelowMinimum.Code),
        Lie.Debug => ("contraindicated", OpenStackSev.Attestation.SnpCodes.Debug.Code),
        Lie.Replay => (null, AttestationErrors.EvidenceReplayed.Code),
        Lie.ForeignNonce => (null, AttestationErrors.EvidenceForeign.Code),
        _ => throw new InvalidOperationException($"{lie} answers nothing"),
    };
}
