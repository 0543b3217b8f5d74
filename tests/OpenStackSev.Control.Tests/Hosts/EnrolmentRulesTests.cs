using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>What a report means for enrolment: values in, one step out.</summary>
public sealed class EnrolmentRulesTests
{
    private static readonly DateTimeOffset s_later = Given.Now.AddMinutes(1);

    [Fact]
    public void The_first_report_registers_its_chips_and_approves_none()
    {
        EnrolmentStep step = Decide(new(null, [], []), Given.Report(Given.ChipA, Given.ChipB));
        Assert.Equal(HostEvents.ChipRegistered, step.Record!.Kind);
        Assert.All(step.Record.Changes.Cast<HostChip>(), chip => Assert.Equal((ChipStatus.Pending, Given.Node), (chip.Status, chip.Node)));
        Assert.Equal(2, step.Record.Changes.Count);
    }

    [Fact]
    public void First_use_approves_the_first_chips_of_a_host()
    {
        EnrolmentStep step = Decide(new(null, [], []), Given.Report(Given.ChipA), firstUse: true);
        HostChip chip = Assert.IsType<HostChip>(Assert.Single(step.Record!.Changes));
        Assert.Equal((ChipStatus.Approved, "first use", Given.Now), (chip.Status, chip.ApprovedBy, chip.ApprovedAt));
    }

    [Fact]
    public void First_use_does_not_approve_a_later_chip()
    {
        EnrolmentStep step = Decide(Known(Given.Report(Given.ChipA), Approved(Given.ChipA)), Given.Report(Given.ChipA, Given.ChipB), firstUse: true);
        Assert.Equal(HostEvents.ChipChanged, step.Record!.Kind);
        Assert.Equal(ChipStatus.Pending, Assert.IsType<HostChip>(Assert.Single(step.Record.Changes)).Status);
    }

    [Fact]
    public void First_use_does_not_approve_a_chip_that_another_host_had()
    {
        EnrolmentStep step = Decide(new(null, [], [Approved(Given.ChipA, Given.OtherNode) with { Status = ChipStatus.Withdrawn }]), Given.Report(Given.ChipA), firstUse: true);
        HostChip chip = Assert.IsType<HostChip>(Assert.Single(step.Record!.Changes));
        Assert.Equal((ChipStatus.Pending, Given.Node, (string?)null), (chip.Status, chip.Node, chip.ApprovedBy));
    }

    [Fact]
    public void After_the_chips_the_facts_are_recorded()
    {
        EnrolmentStep step = Decide(new(null, [Pending(Given.ChipA)], []), Given.Report(Given.ChipA));
        Assert.Equal(HostEvents.Reported, step.Record!.Kind);
        HostState host = Assert.IsType<HostState>(Assert.Single(step.Record.Changes));
        Assert.Equal((Given.Node, "compute1", Given.Now), (host.Node, host.Name, host.LastSeenAt));
    }

    [Fact]
    public void A_report_that_repeats_itself_is_a_sign_of_life_and_no_history()
    {
        EnrolmentStep step = Decide(Known(Given.Report(Given.ChipA), Pending(Given.ChipA)), Given.Report(Given.ChipA), now: s_later);
        Assert.Null(step.Record);
        Assert.Equal(new HostSeen(Given.Node, s_later), step.Change);
    }

    [Fact]
    public void Guests_that_come_and_go_change_the_state_and_no_history()
    {
        EnrolmentStep step = Decide(Known(Given.Report(Given.ChipA), Pending(Given.ChipA)), Given.Report(Given.ChipA) with { AsidsInUseSevEs = 7 }, now: s_later);
        Assert.Null(step.Record);
        HostState host = Assert.IsType<HostState>(step.Change);
        Assert.Equal(7u, StoredReport.Of(host).Report.AsidsInUseSevEs);
        Assert.Equal(Given.Now, host.FactsChangedAt);
    }

    [Fact]
    public void Other_facts_are_recorded_with_their_time()
    {
        HostReport report = Given.Report(Given.ChipA);
        EnrolmentStep step = Decide(Known(report, Pending(Given.ChipA)), report with { Facts = report.Facts with { Kernel = "6.19.0" } }, now: s_later);
        Assert.Equal(HostEvents.Reported, step.Record!.Kind);
        Assert.Equal(s_later, Assert.IsType<HostState>(Assert.Single(step.Record.Changes)).FactsChangedAt);
    }

    [Fact]
    public void A_chip_in_the_place_of_another_is_a_change_that_needs_approval()
    {
        EnrolmentStep step = Decide(Known(Given.Report(Given.ChipA), Approved(Given.ChipA)), Given.Report(Given.ChipB));
        Assert.Equal(HostEvents.ChipChanged, step.Record!.Kind);
        Dictionary<string, ChipStatus> changed = step.Record.Changes.Cast<HostChip>().ToDictionary(chip => chip.ChipId, chip => chip.Status, StringComparer.Ordinal);
        Assert.Equal(ChipStatus.Withdrawn, changed[Given.ChipA]);
        Assert.Equal(ChipStatus.Pending, changed[Given.ChipB]);
    }

    [Fact]
    public void A_chip_that_went_and_came_back_needs_approval_again()
    {
        EnrolmentStep step = Decide(
            Known(Given.Report(Given.ChipB), Approved(Given.ChipA) with { Status = ChipStatus.Withdrawn }, Approved(Given.ChipB)), Given.Report(Given.ChipA, Given.ChipB));
        HostChip back = Assert.IsType<HostChip>(Assert.Single(step.Record!.Changes));
        Assert.Equal((Given.ChipA, ChipStatus.Pending, (string?)null), (back.ChipId, back.Status, back.ApprovedBy));
    }

    [Fact]
    public void Chips_that_cannot_be_read_now_are_not_gone()
    {
        EnrolmentStep step = Decide(Known(Given.Report(Given.ChipA), Approved(Given.ChipA)), Given.Report());
        Assert.Equal(HostEvents.Reported, step.Record!.Kind);
        Assert.IsType<HostState>(Assert.Single(step.Record.Changes));
    }

    [Fact]
    public void A_chip_of_another_host_is_a_conflict_that_is_told_once()
    {
        KnownHost known = Known(Given.Report(Given.ChipA), Approved(Given.ChipA)) with { Elsewhere = [Approved(Given.ChipB, Given.OtherNode)] };
        EnrolmentStep first = Decide(known, Given.Report(Given.ChipA, Given.ChipB));
        Assert.Equal(HostEvents.ChipConflict, first.Record!.Kind);
        HostState host = Assert.IsType<HostState>(Assert.Single(first.Record.Changes));
        Assert.Equal([Given.ChipB], StoredReport.Of(host).Conflicts);
        Assert.Contains(Given.OtherNode.ToString(), System.Text.Encoding.UTF8.GetString(first.Record.Body.Span), StringComparison.Ordinal);

        EnrolmentStep second = Decide(known with { Host = host }, Given.Report(Given.ChipA, Given.ChipB), now: s_later);
        Assert.Null(second.Record);
        Assert.Equal(new HostSeen(Given.Node, s_later), second.Change);
    }

    [Fact]
    public void A_silent_host_comes_back_once()
    {
        KnownHost known = Known(Given.Report(Given.ChipA), Pending(Given.ChipA));
        HostState silent = Assert.IsType<HostState>(Assert.Single(EnrolmentRules.Silence(known.Host!, s_later).Changes));
        Assert.Equal(s_later, silent.SilentSince);
        EnrolmentStep back = Decide(known with { Host = silent }, Given.Report(Given.ChipA), now: s_later.AddMinutes(5));
        Assert.Equal(HostEvents.Returned, back.Record!.Kind);
        HostState returned = Assert.IsType<HostState>(Assert.Single(back.Record.Changes));
        Assert.Null(returned.SilentSince);
        Assert.Null(Decide(known with { Host = returned }, Given.Report(Given.ChipA), now: s_later.AddMinutes(6)).Record);
    }

    [Fact]
    public void Nobody_is_silent_before_the_control_plane_has_listened_for_three_intervals()
    {
        var interval = TimeSpan.FromMinutes(1);
        Assert.Null(EnrolmentRules.SilentBefore(Given.Now, interval, Given.Now.AddSeconds(179)));
        Assert.Equal(Given.Now, EnrolmentRules.SilentBefore(Given.Now, interval, Given.Now.AddSeconds(180)));
    }

    [Fact]
    public void A_clock_that_is_a_little_behind_moves_no_sign_of_life_back_and_one_of_a_wrong_clock_is_replaced()
    {
        HostReport report = Given.Report(Given.ChipA);
        DateTimeOffset At(DateTimeOffset now) => Assert.IsType<HostState>(Assert.Single(
            Decide(Known(report, Pending(Given.ChipA)), report with { AgentVersion = "0.2.0" }, now: now).Record!.Changes)).LastSeenAt;
        Assert.Equal(Given.Now, At(Given.Now.AddMinutes(-5)));
        Assert.Equal(Given.Now.AddHours(-1), At(Given.Now.AddHours(-1)));
    }

    [Fact]
    public void Enrolment_is_what_the_chips_say()
    {
        var stored = new StoredReport(Given.Report(Given.ChipA), []);
        Assert.Equal(EnrolmentState.NoChips, EnrolmentRules.Of(stored, []));
        Assert.Equal(EnrolmentState.Pending, EnrolmentRules.Of(stored, [Pending(Given.ChipA)]));
        Assert.Equal(EnrolmentState.Enrolled, EnrolmentRules.Of(stored, [Approved(Given.ChipA)]));
        Assert.Equal(EnrolmentState.Changed, EnrolmentRules.Of(stored, [Approved(Given.ChipA), Pending(Given.ChipB)]));
        Assert.Equal(EnrolmentState.Changed, EnrolmentRules.Of(stored, [Approved(Given.ChipA) with { Status = ChipStatus.Withdrawn }, Pending(Given.ChipB)]));
        Assert.Equal(EnrolmentState.Conflict, EnrolmentRules.Of(stored with { Conflicts = [Given.ChipC] }, [Approved(Given.ChipA)]));
    }

    [Fact]
    public void Approval_writes_only_what_was_pending()
    {
        HostChip approved = Assert.IsType<HostChip>(Assert.Single(
            EnrolmentRules.Approve(Given.Node, [Approved(Given.ChipA), Pending(Given.ChipB)], "alice", s_later)!.Changes));
        Assert.Equal((Given.ChipB, ChipStatus.Approved, "alice", s_later), (approved.ChipId, approved.Status, approved.ApprovedBy, approved.ApprovedAt));
        Assert.Null(EnrolmentRules.Approve(Given.Node, [Approved(Given.ChipA)], "alice", s_later));
    }

    private static EnrolmentStep Decide(KnownHost known, HostReport report, bool firstUse = false, DateTimeOffset? now = null) =>
        EnrolmentRules.Decide(known, Given.Node, report, firstUse, now ?? Given.Now);

    private static KnownHost Known(HostReport report, params HostChip[] chips) => new(
        new HostState
        {
            Node = Given.Node,
            Name = report.Name,
            FirstSeenAt = Given.Now,
            LastSeenAt = Given.Now,
            FactsChangedAt = Given.Now,
            Facts = new StoredReport(report, []).Bytes(),
            Version = 1,
        }, chips, []);

    private static HostChip Pending(string id, Guid? node = null) =>
        new() { ChipId = id, Node = node ?? Given.Node, Status = ChipStatus.Pending, FirstSeenAt = Given.Now, Version = 1 };

    private static HostChip Approved(string id, Guid? node = null) =>
        Pending(id, node) with { Status = ChipStatus.Approved, ApprovedBy = "alice", ApprovedAt = Given.Now };
}
