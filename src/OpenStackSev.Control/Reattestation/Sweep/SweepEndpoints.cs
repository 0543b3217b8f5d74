using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Results;
using Quartz;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary><c>/v1/sweep</c>, and rounds that are opened by request.</summary>
internal static class SweepEndpoints
{
    public static async Task ShowAsync(HttpContext context)
    {
        context.Require(SweepPolicies.Show);
        SweepOptions options = Of<SweepOptions>(context);
        DateTimeOffset now = Of<TimeProvider>(context).GetUtcNow();
        InstanceNumbers numbers = await Of<SweptInstances>(context).CountAsync(now, now - options.NudgeAfter, context.RequestAborted);
        var status = new SweepStatus(options.Enabled, new SweptNumbers(numbers.Present, numbers.Due, numbers.Open, numbers.Overdue, numbers.Silent),
            options.Enabled ? await NextAsync(context) : null, Of<SweepJournal>(context).Last, Of<NotificationJournal>(context).Status);
        await context.AnswerAsync(status, AttestationJson.Default.SweepStatus);
    }

    public static async Task OpenAsync(HttpContext context)
    {
        InstanceState instance = await InstanceEndpoints.VisibleAsync(context);
        context.Require(SweepPolicies.OpenRound, new PolicyTarget(instance.Project));
        OpenedRound round = await Of<RoundRequests>(context).OpenAsync(instance, context.RequestAborted);
        await context.AnswerAsync(round, AttestationJson.Default.OpenedRound, StatusCodes.Status202Accepted);
    }

    private static async Task<DateTimeOffset?> NextAsync(HttpContext context)
    {
        IScheduler scheduler = await Of<ISchedulerFactory>(context).GetScheduler(context.RequestAborted);
        return (await scheduler.GetTrigger(SweepJob.Trigger, context.RequestAborted))?.NextFireTimeUtc;
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();
}
