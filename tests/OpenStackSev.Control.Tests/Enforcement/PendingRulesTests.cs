using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>What becomes of a measure that is written down, by what Nova shows of the server.</summary>
public sealed class PendingRulesTests
{
    private const string Us = "service-user", Other = "somebody";

    private static readonly ServerFacts s_runs = new("ACTIVE", null, false, null, [], [], Us);

    [Fact]
    public void A_tag_is_set_unless_it_is_there_or_there_is_no_room()
    {
        Assert.Equal(PendingOutcome.Send, Do(Measures.Tag, s_runs));
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Tag, s_runs with { Tags = [NovaMeasures.ServerTag] }));
        Assert.Equal(EnforcementReasons.TagsFull, Do(Measures.Tag, s_runs with { Tags = [.. Enumerable.Range(0, 50).Select(i => $"{i}")] }).Reason);
        Assert.Equal(PendingOutcome.Confirm, Undo(Measures.Tag, s_runs));
        Assert.Equal(PendingOutcome.Send, Undo(Measures.Tag, s_runs with { Tags = [NovaMeasures.ServerTag] }));
    }

    [Fact]
    public void A_lock_of_somebody_else_is_left_and_stays()
    {
        ServerFacts ours = s_runs with { IsLocked = true, LockedReason = NovaMeasures.LockPrefix + Given.Code }, his = s_runs with { IsLocked = true, LockedReason = "mine" };
        Assert.Equal(PendingOutcome.Send, Do(Measures.Lock, s_runs));
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Lock, ours));
        foreach (ServerFacts other in new[] { his, his with { LockedReason = null } })
        {
            Assert.Equal((PendingOutcomeKind.Leave, EnforcementReasons.LockedByOther), (Do(Measures.Lock, other).Kind, Do(Measures.Lock, other).Reason));
            Assert.Equal(PendingOutcomeKind.Leave, Undo(Measures.Lock, other).Kind);
        }

        Assert.Equal(PendingOutcome.Send, Undo(Measures.Lock, ours));
        Assert.Equal(PendingOutcome.Confirm, Undo(Measures.Lock, s_runs));
    }

    [Fact]
    public void A_stop_is_ours_by_the_servers_actions_and_is_not_sent_twice()
    {
        Assert.Equal(PendingOutcome.Send, Do(Measures.Stop, s_runs));
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Stop, s_runs with { Status = "SHUTOFF", Actions = [At("stop", Us, 1)] }));
        // Taken, and not carried out yet.
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Stop, s_runs with { TaskState = "powering-off", Actions = [At("stop", Us, 1)] }));
        // Nova's clock is behind.
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Stop, s_runs with { Status = "SHUTOFF", Actions = [At("stop", Us, -60)] }));
        // Somebody started it again between our request and its end being written: it was done, once.
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Stop, s_runs with { Actions = [At("start", Other, 20), At("stop", Us, 1)] }));
        // Of another time.
        Assert.Equal(PendingOutcome.Send, Do(Measures.Stop, s_runs with { Actions = [At("start", Other, -3000), At("stop", Us, -3600)] }));
        Assert.Equal(PendingOutcome.Wait, Do(Measures.Stop, s_runs with { TaskState = "rebooting" }));
    }

    [Fact]
    public void One_that_somebody_else_stopped_is_not_taken_for_ours() =>
        Assert.Equal((PendingOutcomeKind.Cancel, EnforcementReasons.NotRunning), Kinds(Do(Measures.Stop, s_runs with { Status = "SHUTOFF", Actions = [At("stop", Other, 1)] })));

    [Fact]
    public void A_stop_of_ours_is_undone_unless_somebody_did_something_since()
    {
        ServerFacts stopped = s_runs with { Status = "SHUTOFF", Actions = [At("stop", Us, -3600)] };
        Assert.Equal(PendingOutcome.Send, Undo(Measures.Stop, stopped));
        Assert.Equal(PendingOutcome.Send, Undo(Measures.Stop, stopped with { Actions = [At("lock", Other, -60), .. stopped.Actions] }));
        Assert.Equal(PendingOutcome.Confirm, Undo(Measures.Stop, s_runs with { Actions = [At("start", Us, 1), .. stopped.Actions] }));
        foreach (ServerFacts touched in new[]
        {
            stopped with { Actions = [At("stop", Other, -60), At("start", Other, -120), .. stopped.Actions] },
            stopped with { Actions = [At("rebuild", Other, -60), .. stopped.Actions] },
            s_runs with { Actions = [At("start", Other, -60), .. stopped.Actions] },
            stopped with { Actions = [] },
        })
        {
            Assert.Equal((PendingOutcomeKind.Leave, EnforcementReasons.ChangedByOther), Kinds(Undo(Measures.Stop, touched)));
        }
    }

    [Fact]
    public void Shelving_goes_as_stopping()
    {
        Assert.Equal(PendingOutcome.Send, Do(Measures.Shelve, s_runs));
        Assert.Equal(PendingOutcome.Send, Do(Measures.Shelve, s_runs with { Status = "SHUTOFF" }));
        Assert.Equal(PendingOutcome.Confirm, Do(Measures.Shelve, s_runs with { Status = "SHELVED_OFFLOADED", Actions = [At("shelve", Us, 1)] }));
        Assert.Equal(PendingOutcomeKind.Cancel, Do(Measures.Shelve, s_runs with { Status = "SHELVED", Actions = [At("shelve", Other, 1)] }).Kind);
        Assert.Equal(PendingOutcome.Send, Undo(Measures.Shelve, s_runs with { Status = "SHELVED_OFFLOADED", Actions = [At("shelve", Us, -900)] }));
        Assert.Equal(PendingOutcomeKind.Leave, Undo(Measures.Shelve, s_runs with { Status = "SHELVED", Actions = [At("shelve", Other, -900)] }).Kind);
    }

    [Fact]
    public void One_that_Nova_does_not_know_any_more_is_given_up() =>
        Assert.Equal((PendingOutcomeKind.Cancel, EnforcementReasons.Gone), Kinds(PendingRules.Decide(Pending(Measures.Stop, false), null)));

    private static (PendingOutcomeKind, string?) Kinds(PendingOutcome outcome) => (outcome.Kind, outcome.Reason);

    private static PendingOutcome Do(Measures measure, ServerFacts facts) => PendingRules.Decide(Pending(measure, false), facts);

    private static PendingOutcome Undo(Measures measure, ServerFacts facts) => PendingRules.Decide(Pending(measure, true), facts);

    private static EnforcementState Pending(Measures measure, bool undo) => Given.Row() with { Pending = measure, PendingUndo = undo, PendingSince = Given.Now };

    private static ActionFact At(string name, string user, int seconds) => new(name, user, Given.Now.AddSeconds(seconds));
}
