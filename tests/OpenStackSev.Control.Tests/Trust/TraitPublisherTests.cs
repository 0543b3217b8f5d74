using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.Control.Trust;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Control.Tests.Trust;

/// <summary>Placement has what the rows say, whoever else writes there.</summary>
public sealed class TraitPublisherTests : IAsyncLifetime
{
    private const string Trusted = "CUSTOM_SEV_TRUSTED", Quarantined = "CUSTOM_SEV_QUARANTINED";

    private readonly FakePlacement placement = new();
    private OpenStackConnection? connection;
    private GuestLab? lab;
    private FakePlacement.Provider? compute;

    private GuestLab Lab => lab!;
    private FakePlacement.Provider Compute => compute!;
    private IServiceProvider Services => Lab.Control.App.Services;

    public async ValueTask InitializeAsync()
    {
        connection = FakeCloud.Connect(placement);
        compute = placement.Add("compute1", GuestLab.Node).With("COMPUTE_NODE").With("CUSTOM_OPERATOR_POOL");
        placement.Add("compute2", GuestLab.OtherNode);
        lab = await GuestLab.StartAsync(replace: services => services.Replace(ServiceDescriptor.Singleton<Func<IPlacementApi>>(_ => () => connection.Placement)));
    }

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        connection!.Dispose();
    }

    [Fact]
    public async Task Traits_follow_the_rows_and_those_of_others_stay()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Assert.Equal(["COMPUTE_NODE", "CUSTOM_OPERATOR_POOL", "CUSTOM_SEV_TCB_SB_3023", Trusted], Compute.Traits);
        Assert.Empty(placement.Find("compute2")!.Traits);
        await QuarantineAsync(Lab.Control.Time.GetUtcNow());
        await LookAsync();
        Assert.Equal(["COMPUTE_NODE", "CUSTOM_OPERATOR_POOL", Quarantined, "CUSTOM_SEV_TCB_SB_3023"], Compute.Traits);
        await QuarantineAsync(null);
        await LookAsync();
        Assert.Equal(["COMPUTE_NODE", "CUSTOM_OPERATOR_POOL", "CUSTOM_SEV_TCB_SB_3023", Trusted], Compute.Traits);
        Assert.Empty(await CorrectionsAsync(GuestLab.Node));
    }

    [Fact]
    public async Task While_all_is_right_one_request_a_trait_is_all_that_is_asked()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        placement.Requests.Clear();
        await LookAsync();
        Assert.All(placement.Requests, request => Assert.StartsWith("GET /placement/resource_providers?required=CUSTOM_SEV_", request));
        Assert.Equal(5, placement.Requests.Count);
    }

    [Fact]
    public async Task A_judgement_that_we_did_not_issue_is_removed_and_reported()
    {
        await LookAsync();
        Compute.Traits.Add(Trusted);
        Compute.Generation++;
        FakePlacement.Provider stranger = placement.Add("nobody-reports-here").With(Trusted).With("CUSTOM_SOMEBODY");
        await LookAsync();

        Assert.Equal(["COMPUTE_NODE", "CUSTOM_OPERATOR_POOL"], Compute.Traits);
        Assert.Equal(["CUSTOM_SOMEBODY"], stranger.Traits);
        Assert.Contains("\"removed\":[\"CUSTOM_SEV_TRUSTED\"]", Assert.Single(await CorrectionsAsync(GuestLab.Node)));
        Assert.Contains(Trusted, Assert.Single(await CorrectionsAsync(stranger.Uuid)));
        await LookAsync();
        Assert.Single(await CorrectionsAsync(GuestLab.Node));
    }

    [Fact]
    public async Task A_judgement_that_was_taken_away_comes_back_and_is_reported()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Compute.Traits.Remove(Trusted);
        Compute.Generation++;
        await LookAsync();
        Assert.Contains(Trusted, Compute.Traits);
        Assert.Contains("\"restored\":[\"CUSTOM_SEV_TRUSTED\"]", Assert.Single(await CorrectionsAsync(GuestLab.Node)));
    }

    [Fact]
    public async Task Trust_ends_in_Placement_by_the_clock_also_before_the_host_is_judged_anew()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(45));
        await Services.GetRequiredService<TraitPublisher>().PublishAsync(CancellationToken.None);
        Assert.DoesNotContain(Trusted, Compute.Traits);
    }

    [Fact]
    public async Task Somebody_who_writes_the_provider_at_the_same_moment_loses_nothing()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        int writes = 0;
        placement.BeforeWrite = _ =>
        {
            if (writes++ < 3)
            {
                Compute.Traits.Add("CUSTOM_SOMEBODY");
                Compute.Generation++;
            }
        };
        await LookAsync();
        await LookAsync();
        Assert.Contains("CUSTOM_SOMEBODY", Compute.Traits);
        Assert.Contains(Trusted, Compute.Traits);
    }

    [Fact]
    public async Task Placement_that_is_away_is_asked_again_and_a_provider_that_is_gone_is_no_failure()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await Services.GetRequiredService<TrustRound>().RunAsync(CancellationToken.None);
        placement.Outage = HttpStatusCode.ServiceUnavailable;
        await Assert.ThrowsAsync<OpenStackApiException>(() => Services.GetRequiredService<TraitPublisher>().PublishAsync(CancellationToken.None));
        placement.Outage = null;
        placement.Remove(GuestLab.OtherNode);
        await LookAsync();
        Assert.Contains(Trusted, Compute.Traits);
    }

    [Fact]
    public async Task Two_control_planes_with_one_database_do_not_undo_each_others_traits()
    {
        var other = ActivatorUtilities.CreateInstance<TraitPublisher>(Services);
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        await QuarantineAsync(Lab.Control.Time.GetUtcNow());
        // The other one has read Placement and the rows before the release, and writes after it.
        int lists = 0;
        placement.BeforeDetails = () =>
        {
            if (lists++ == 0)
                QuarantineAsync(null).GetAwaiter().GetResult();
        };
        await other.PublishAsync(CancellationToken.None);
        placement.BeforeDetails = null;
        await LookAsync();
        await other.PublishAsync(CancellationToken.None);
        Assert.Contains(Trusted, Compute.Traits);
        Assert.DoesNotContain(Quarantined, Compute.Traits);
        Assert.Empty(await CorrectionsAsync(GuestLab.Node));
    }

    [Fact]
    public async Task A_host_of_which_Placement_goes_on_saying_too_much_hears_that_nobody_judges()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        TrustPulse pulse = Services.GetRequiredService<TrustPulse>();
        Assert.True(pulse.IsTelling(GuestLab.Node));
        placement.BeforeWrite = _ => Compute.Generation++;
        await QuarantineAsync(Lab.Control.Time.GetUtcNow());
        await LookAsync();
        Assert.Contains(Trusted, Compute.Traits);
        Assert.Equal((false, true), (pulse.IsTelling(GuestLab.Node), pulse.IsTelling(GuestLab.OtherNode)));
        placement.BeforeWrite = null;
        await LookAsync();
        Assert.DoesNotContain(Trusted, Compute.Traits);
        Assert.True(pulse.IsTelling(GuestLab.Node));
    }

    private async Task LookAsync()
    {
        await Services.GetRequiredService<TrustRound>().RunAsync(CancellationToken.None);
        await Services.GetRequiredService<TraitPublisher>().PublishAsync(CancellationToken.None);
    }

    private async Task QuarantineAsync(DateTimeOffset? since)
    {
        HostQuarantineState? row = await Services.GetRequiredService<HostTrustStates>().FindQuarantineAsync(GuestLab.Node);
        row ??= new HostQuarantineState { Node = GuestLab.Node, Reason = "disk", By = "admin" };
        await Services.GetRequiredService<HistoryWriter>().ApplyAsync(row with { Since = since });
    }

    private async Task<IReadOnlyList<string>> CorrectionsAsync(Guid node) =>
    [
        .. (await Services.GetRequiredService<HistoryReader>().OfSubjectAsync(node, 100, null)).Where(row => row.Kind == HostEvents.TraitsCorrected)
            .Select(row => System.Text.Encoding.UTF8.GetString(row.Body)),
    ];
}
