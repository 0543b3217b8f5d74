using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using Quartz;

namespace OpenStackSev.Control.Enforcement;

/// <summary><c>/v1/enforcement</c>, and releases.</summary>
internal static class EnforcementEndpoints
{
    private const int MostInstances = 1000;

    public static async Task ShowAsync(HttpContext context)
    {
        context.Require(EnforcementPolicies.Show);
        await AnswerAsync(context);
    }

    public static async Task ResumeAsync(HttpContext context)
    {
        context.Require(EnforcementPolicies.Resume);
        EnforcementResume resume = await RequestBody.ReadAsync(context, AttestationJson.Default.EnforcementResume);
        await Of<FleetBreaker>(context).ResumeAsync(Reason(resume.Reason), context.Caller(), context.RequestAborted);
        Of<EnforcementSignal>(context).VerdictTurned();
        await AnswerAsync(context);
    }

    public static async Task ListAsync(HttpContext context)
    {
        Caller caller = context.Caller();
        Policy policy = Of<Policy>(context);
        string? project = RequestQuery.Word(context, "project");
        if (!policy.Allows(caller, EnforcementPolicies.ListAll, new PolicyTarget(project)))
        {
            policy.Require(caller, EnforcementPolicies.List, new PolicyTarget(project ?? caller.ProjectId));
            project ??= caller.ProjectId;
        }

        EnforcementStanding? standing = null;
        if (RequestQuery.Word(context, "standing") is { } word)
            standing = EnforcementViews.Standings.TryGetValue(word, out EnforcementStanding one) ? one : throw new ApiException(RequestErrors.Invalid, $"standing: must be one of {string.Join(", ", EnforcementViews.Standings.Keys)}");
        int limit = RequestQuery.Number(context, "limit", 1, MostInstances) ?? MostInstances;
        IReadOnlyList<EnforcedInstance> page = await Of<EnforcementStates>(context).ListAsync(
            limit, RequestQuery.Uuid(context, "marker") ?? Guid.Empty, project, standing, context.RequestAborted);
        await context.AnswerAsync(
            new EnforcementInstanceList([.. page.Select(one => EnforcementViews.Instance(one, Moment(context)))], page.Count == limit ? page[^1].Row!.Instance : null),
            AttestationJson.Default.EnforcementInstanceList);
    }

    public static async Task ReleaseAsync(HttpContext context)
    {
        context.Require(EnforcementPolicies.Release);
        Guid instance = Guid.TryParseExact(context.Request.RouteValues["instance"] as string, "D", out Guid id)
            ? id : throw new ApiException(RequestErrors.NotFound, "an instance is named by its UUID, with hyphens");
        EnforcementRelease release = await RequestBody.ReadAsync(context, AttestationJson.Default.EnforcementRelease);
        if (release.Hours is < 1 or > EnforcementRelease.MostHours)
            throw new ApiException(RequestErrors.Invalid, $"hours: must be from 1 to {EnforcementRelease.MostHours}");
        string reason = Reason(release.Reason);
        if (await Of<InstanceStates>(context).FindAsync(instance, context.RequestAborted) is null)
            throw new ApiException(AttestationErrors.InstanceNotFound, "there is no such instance with memory encryption");
        await Of<Releases>(context).ReleaseAsync(instance, reason, TimeSpan.FromHours(release.Hours), context.Caller(), context.RequestAborted);
        EnforcedInstance both = await Of<EnforcementStates>(context).BothAsync(instance, context.RequestAborted);
        await context.AnswerAsync(EnforcementViews.Instance(both, Moment(context)), AttestationJson.Default.EnforcementInstance, StatusCodes.Status202Accepted);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        (EnforcementOptions options, RulesInForce rules, EnforcementStates states) = (Of<EnforcementOptions>(context), Of<RulesInForce>(context), Of<EnforcementStates>(context));
        EnforcementMoment moment = Moment(context);
        EnforcementLimits limits = moment.Rules.Limits;
        int acted = await states.ActedSinceAsync(moment.Now - ActionBudget.Hour, context.RequestAborted);
        var status = new EnforcementStatus(
            options.Enabled, new EnforcementRulesInForce(RulesetWords.Word(moment.Rules.Mode), moment.Rules.Digest, options.RulesFile, rules.Problem),
            EnforcementViews.Breaker(await states.BreakerAsync(context.RequestAborted)), EnforcementViews.Counts(await states.CountAsync(context.RequestAborted)),
            new EnforcementBudget(limits.MostARun, limits.MostAnHour, Math.Max(0, limits.MostAnHour - acted)), options.Enabled ? await NextAsync(context) : null, Of<EnforcementJournal>(context).Last);
        await context.AnswerAsync(status, AttestationJson.Default.EnforcementStatus);
    }

    private static EnforcementMoment Moment(HttpContext context) => new(Of<TimeProvider>(context).GetUtcNow(), Of<RulesInForce>(context).Now);

    /// <exception cref="ApiException">400.</exception>
    private static string Reason(string text) => text.Trim() is { Length: > 0 and <= EnforcementResume.LongestReason } reason && !reason.Any(char.IsControl)
        ? reason : throw new ApiException(RequestErrors.Invalid, $"reason: must be a line of 1 to {EnforcementResume.LongestReason} characters");

    private static async Task<DateTimeOffset?> NextAsync(HttpContext context)
    {
        IScheduler scheduler = await Of<ISchedulerFactory>(context).GetScheduler(context.RequestAborted);
        return (await scheduler.GetTrigger(EnforcementJob.Trigger, context.RequestAborted))?.NextFireTimeUtc;
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();
}
