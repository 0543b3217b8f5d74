using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api;
using OpenStackSev.Api.Policies;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

public sealed class DryRunTests
{
    private const string Newer = """{"document":{"version":1,"minimum_tcb":{"turin":{"snp":200}}}}""";

    private static readonly string s_measured = string.Concat(Enumerable.Repeat("5e", 48));

    [Fact]
    public async Task A_higher_minimum_shows_who_falls_below_it_and_writes_nothing()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        Guid first = await lab.JudgedAsync(1);
        long before = lab.Control.App.Services.GetRequiredService<HistoryWriter>().Committed!.Sequence;
        DryRunPage page = await TryAsync(lab, Newer);
        Assert.Equal((1, 0, null), (page.Judged, page.Active, page.Marker));
        VerdictChange change = Assert.Single(page.Changes);
        Assert.Equal((first, "p1", "web-1", "affirming", "contraindicated"), (change.Instance, change.Project, change.Name, change.From, change.To));
        Assert.Equal(["snp.tcb.below_minimum"], change.Findings);
        Assert.Empty(change.Resolved);
        Assert.Equal(before, lab.Control.App.Services.GetRequiredService<HistoryWriter>().Committed!.Sequence);
    }

    [Fact]
    public async Task A_laxer_policy_shows_what_it_would_let_pass()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        await lab.JudgedAsync(1, fields => fields with { Policy = fields.Policy | (1 << 19) });
        VerdictChange change = Assert.Single((await TryAsync(lab, """{"document":{"version":1,"guest_policy":{"debug":"allowed"}}}""")).Changes);
        Assert.Equal(("contraindicated", "affirming"), (change.From, change.To));
        Assert.Equal(["snp.policy.debug"], change.Resolved);
    }

    [Fact]
    public async Task The_first_reference_value_contraindicates_all_that_it_does_not_name()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        await lab.JudgedAsync(1);
        Assert.Empty((await TryAsync(lab, $$$"""{"add":[{"digest":"{{{s_measured}}}","name":"this one"}]}""")).Changes);
        VerdictChange change = Assert.Single((await TryAsync(lab, $$$"""{"add":[{"digest":"{{{Given.DigestA}}}","name":"another"}]}""")).Changes);
        Assert.Equal(["snp.measurement.unknown"], change.Findings);
        Assert.Equal("contraindicated", change.To);
    }

    [Fact]
    public async Task Removing_a_reference_value_is_tried_as_it_would_be()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        await lab.JudgedAsync(1);
        await lab.SendAsync(HttpMethod.Post, "/v1/reference-values",
            $$$"""{"reference_values":[{"digest":"{{{s_measured}}}","name":"this one"},{"digest":"{{{Given.DigestA}}}","name":"another"}]}""", AttestationJson.Default.ReferenceValueList);
        Assert.Equal("contraindicated", Assert.Single((await TryAsync(lab, $$"""{"remove":["{{s_measured}}"]}""")).Changes).To);
        Assert.Empty((await TryAsync(lab, $$"""{"remove":["{{Given.DigestA}}"]}""")).Changes);
    }

    [Fact]
    public async Task Instances_come_page_by_page_and_those_that_are_gone_do_not()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        foreach (int number in Enumerable.Range(1, 5))
            await lab.JudgedAsync(number, gone: number == 2);
        var seen = new List<string>();
        Guid? marker = null;
        do
        {
            DryRunPage page = await TryAsync(lab, Newer, $"?limit=2{(marker is { } after ? $"&marker={after}" : "")}");
            seen.AddRange(page.Changes.Select(change => change.Name));
            marker = page.Marker;
        }
        while (marker is not null);
        Assert.Equal(["web-1", "web-3", "web-4", "web-5"], seen);
    }

    [Fact]
    public async Task Evidence_without_a_key_is_a_warning_at_best_under_every_policy()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        lab.Endorse();
        await lab.JudgedAsync(1, withKey: false);
        VerdictChange change = Assert.Single((await TryAsync(lab, Newer)).Changes);
        Assert.Equal(("warning", "contraindicated"), (change.From, change.To));
    }

    [Fact]
    public async Task Evidence_whose_issuers_are_not_in_the_folder_is_believed_by_neither()
    {
        await using PolicyLab lab = await PolicyLab.StartAsync();
        await lab.JudgedAsync(1);
        DryRunPage page = await TryAsync(lab, """{"document":{"version":1,"name":"same"}}""");
        Assert.Equal(1, page.Judged);
        Assert.Empty(page.Changes);
    }

    private static Task<DryRunPage> TryAsync(PolicyLab lab, string body, string query = "") =>
        lab.SendAsync(HttpMethod.Post, "/v1/policies/dry-runs" + query, body, AttestationJson.Default.DryRunPage);
}
