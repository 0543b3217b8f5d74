using System.Threading.Channels;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Control.Validation;

/// <summary>Audits in the background, one after another. Bounded: so many wait, so many that are done are kept.</summary>
public sealed partial class AuditJobs(ServiceCloud cloud, AuditFolder folder, TimeProvider time, ILogger<AuditJobs> log) : BackgroundService
{
    public const int MostWaiting = 8;

    private const int MostKept = 50;

    /// <summary>A few bytes are kept of each combination.</summary>
    private const long MostPairs = 10_000_000;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, AuditJob> jobs = [];
    private readonly Channel<Guid> queue = Channel.CreateUnbounded<Guid>();
    private (Guid Id, CancellationTokenSource Cancellation)? running;

    /// <summary>The newest first.</summary>
    public IReadOnlyList<AuditJob> All
    {
        get
        {
            lock (gate)
                return [.. jobs.Values.OrderByDescending(job => job.CreatedAt)];
        }
    }

    public AuditJob? Find(Guid id)
    {
        lock (gate)
            return jobs.GetValueOrDefault(id);
    }

    /// <summary>Accepts an audit: from here on it is run, also after a restart.</summary>
    /// <exception cref="ApiException">429: too many wait. 503: it cannot be kept.</exception>
    public AuditJob Accept(AuditRequest request, Caller caller, RequestIds ids)
    {
        lock (gate)
        {
            if (jobs.Values.Count(known => !known.IsFinished) >= MostWaiting)
                throw new ApiException(ValidationErrors.AuditsFull, $"{MostWaiting} audits are waiting or running") { RetryAfter = TimeSpan.FromSeconds(30) };
            var job = new AuditJob(Guid.NewGuid(), AuditStatus.Queued, caller.ProjectId, caller.UserId, time.GetUtcNow(), request, ids);
            folder.Write(job);
            jobs.Add(job.Id, job);
            Forget();
            queue.Writer.TryWrite(job.Id);
            return job;
        }
    }

    /// <summary>A finished one stays as it is.</summary>
    public void Cancel(Guid id)
    {
        lock (gate)
        {
            if (jobs.TryGetValue(id, out AuditJob? job) && !job.IsFinished)
                Keep(job with { Status = AuditStatus.Cancelled, FinishedAt = time.GetUtcNow() });
            if (running?.Id == id)
                running.Value.Cancellation.Cancel();
        }
    }

    /// <summary>Before the first request is taken: what an earlier process accepted comes first.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (AuditJob job in folder.ReadAll())
        {
            jobs[job.Id] = job.IsFinished ? job : job with { Status = AuditStatus.Queued, Progress = 0 };
            if (!job.IsFinished)
                queue.Writer.TryWrite(job.Id);
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAllAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop while nothing was to do.
        }
    }

    private async Task RunAllAsync(CancellationToken stoppingToken)
    {
        await foreach (Guid id in queue.Reader.ReadAllAsync(stoppingToken))
        {
            using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            if (Begin(id, cancellation) is not { } job)
                continue;
            RequestIds.Current = job.Ids;
            AuditJob ended = await RunAsync(job, cancellation.Token);
            // Told to stop: it stays queued in its file, and the next process runs it.
            if (stoppingToken.IsCancellationRequested)
                return;
            End(ended);
        }
    }

    private AuditJob? Begin(Guid id, CancellationTokenSource cancellation)
    {
        lock (gate)
        {
            if (jobs.GetValueOrDefault(id) is not { Status: AuditStatus.Queued } job)
                return null;
            running = (id, cancellation);
            return jobs[id] = job with { Status = AuditStatus.Running };
        }
    }

    private async Task<AuditJob> RunAsync(AuditJob job, CancellationToken ct)
    {
        try
        {
            AuditDocument result = await JudgeAsync(job, ct);
            return job with { Status = AuditStatus.Done, Progress = 1, Result = result, FinishedAt = time.GetUtcNow() };
        }
        catch (OperationCanceledException)
        {
            return job with { Status = AuditStatus.Cancelled, FinishedAt = time.GetUtcNow() };
        }
        catch (OpenStackApiException e)
        {
            LogFailed(log, job.Id, e);
            return job with { Status = AuditStatus.Failed, Problem = $"{e.Service} did not answer what the audit needs", FinishedAt = time.GetUtcNow() };
        }
        // One audit's defect must not end the audits of others.
        catch (Exception e)
        {
            LogFailed(log, job.Id, e);
            return job with { Status = AuditStatus.Failed, Problem = $"an unexpected error; the log has it under {job.Ids.Local}", FinishedAt = time.GetUtcNow() };
        }
    }

    private async Task<AuditDocument> JudgeAsync(AuditJob job, CancellationToken ct)
    {
        OpenStackConnection connection = cloud.Connection;
        ComputeRelease release = job.Request.Release is { } name ? NamedThings.Release(name) : (await connection.ReleaseAsync(ct)).Release;
        SpecList<FlavorSpec> flavors = await connection.FlavorSpecsAsync(ct);
        SpecList<ImageSpec> images = await connection.ImageSpecsAsync(ct);
        long pairs = (long)flavors.Specs.Count * images.Specs.Count;
        if (pairs > MostPairs)
            throw new InvalidDataException($"{pairs} combinations are more than the {MostPairs} that are judged at once");
        CloudFacts? facts = await connection.FactsAsync(int.MaxValue, note => LogNotLookedAt(log, job.Id, note), progress: null, ct);
        CloudAudit audit = await Task.Run(
            () => CloudAudit.Of(flavors.Specs, images.Specs, release, facts, everything: job.Request.Everything, progress: part => Report(job.Id, part), ct: ct), ct);
        return AuditDocument.Of(audit, [.. flavors.Problems, .. images.Problems]);
    }

    private void Report(Guid id, double progress)
    {
        lock (gate)
        {
            if (jobs.TryGetValue(id, out AuditJob? job) && job.Status == AuditStatus.Running)
                jobs[id] = job with { Progress = progress };
        }
    }

    private void End(AuditJob ended)
    {
        lock (gate)
        {
            running = null;
            // Cancelled meanwhile: that stands.
            if (jobs.TryGetValue(ended.Id, out AuditJob? job) && !job.IsFinished)
                Keep(ended);
        }
    }

    private void Keep(AuditJob job)
    {
        jobs[job.Id] = job;
        try
        {
            folder.Write(job);
        }
        catch (ApiException e)
        {
            // It is in memory, and would be run again after a restart: nothing is lost by going on.
            LogNotKept(log, job.Id, e);
        }
    }

    private void Forget()
    {
        foreach (AuditJob old in jobs.Values.Where(job => job.IsFinished).OrderByDescending(job => job.CreatedAt).Skip(MostKept).ToArray())
        {
            jobs.Remove(old.Id);
            folder.Delete(old.Id);
        }
    }

    [LoggerMessage(4201, LogLevel.Error, "audit {Id} failed")]
    private static partial void LogFailed(ILogger logger, Guid id, Exception exception);

    [LoggerMessage(4204, LogLevel.Warning, "audit {Id} does not judge by all of the cloud: {Note}")]
    private static partial void LogNotLookedAt(ILogger logger, Guid id, string note);

    [LoggerMessage(4202, LogLevel.Error, "audit {Id} cannot be kept")]
    private static partial void LogNotKept(ILogger logger, Guid id, Exception exception);
}
