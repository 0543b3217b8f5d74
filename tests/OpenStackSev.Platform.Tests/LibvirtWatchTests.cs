using Microsoft.Extensions.Time.Testing;

namespace OpenStackSev.Platform.Tests;

/// <summary>A libvirt that hangs holds up one reading for two seconds, and no other.</summary>
public sealed class LibvirtWatchTests : IDisposable
{
    private readonly WaitedTime time = new();
    private readonly FakeLibvirt libvirt = new();
    private readonly LibvirtWatch watch;

    public LibvirtWatchTests() => watch = new LibvirtWatch(libvirt, time);

    public void Dispose() => libvirt.Dispose();

    [Fact]
    public void What_it_says_is_read_and_not_asked_for_again_at_once()
    {
        Assert.Equal(("compute1", TimeSpan.Zero), Read());
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(("compute1", TimeSpan.FromSeconds(29)), Read());
        Assert.Equal(1, libvirt.Conversations);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("compute1", TimeSpan.Zero), Read());
        Assert.Equal(2, libvirt.Conversations);
    }

    [Fact]
    public async Task One_that_never_answered_is_waited_for_once_and_told()
    {
        libvirt.Hang();
        Assert.Equal((null, null, PlatformCodes.LibvirtUnreadable), await ReadWaitingAsync());
        // This one does not wait: nobody lets time pass for it.
        Assert.Equal((null, null, PlatformCodes.LibvirtUnreadable), ReadWithCode());
        Assert.Equal(1, libvirt.Conversations);
    }

    [Fact]
    public async Task What_it_said_before_it_hung_is_remembered_with_its_age()
    {
        Read();
        time.Advance(TimeSpan.FromMinutes(1));
        libvirt.Hang();
        Assert.Equal(("compute1", TimeSpan.FromSeconds(62), PlatformCodes.LibvirtUnreadable), await ReadWaitingAsync());
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(("compute1", TimeSpan.FromSeconds(662), PlatformCodes.LibvirtUnreadable), ReadWithCode());

        libvirt.Resume();
        await libvirt.Resumed;
        (string? Name, TimeSpan? Age, string? Code) answer;
        do
            answer = ReadWithCode();
        while (answer.Code is not null);
        Assert.Equal(("compute1", TimeSpan.Zero), (answer.Name, answer.Age));
    }

    [Fact]
    public void One_that_fails_is_told_and_asked_again_each_time()
    {
        libvirt.Answer = Source<LibvirtAnswer>.Unreadable("no daemon");
        Assert.Equal((null, null, PlatformCodes.LibvirtUnreadable), ReadWithCode());
        Assert.Equal((null, null, PlatformCodes.LibvirtUnreadable), ReadWithCode());
        Assert.Equal(2, libvirt.Conversations);
        libvirt.Answer = FakeLibvirt.Good;
        Assert.Equal(("compute1", TimeSpan.Zero, null), ReadWithCode());
    }

    [Fact]
    public void Capabilities_that_it_refuses_leave_its_name()
    {
        libvirt.Answer = Source<LibvirtAnswer>.Found(FakeLibvirt.Good.Value with { Capabilities = Source<DomainCapabilities>.Unreadable("operation forbidden") });
        Assert.Equal(("compute1", TimeSpan.Zero, PlatformCodes.LibvirtUnreadable), ReadWithCode());
    }

    private (string? Name, TimeSpan? Age) Read()
    {
        (string? name, TimeSpan? age, string? code) = ReadWithCode();
        Assert.Null(code);
        return (name, age);
    }

    private (string? Name, TimeSpan? Age, string? Code) ReadWithCode()
    {
        List<PlatformFinding> findings = [];
        VirtualizationFacts? facts = watch.Read(findings);
        return (facts?.HostName, facts?.Age, findings.SingleOrDefault()?.Code);
    }

    /// <summary>Reads on another thread, and lets two seconds pass once that waits.</summary>
    private async Task<(string? Name, TimeSpan? Age, string? Code)> ReadWaitingAsync()
    {
        Task waits = time.NextWaitAsync();
        Task<(string?, TimeSpan?, string?)> reading = Task.Run(ReadWithCode, TestContext.Current.CancellationToken);
        await waits;
        time.Advance(TimeSpan.FromSeconds(2));
        return await reading;
    }

    /// <summary>A clock that tells when somebody waits for it to pass.</summary>
    private sealed class WaitedTime : FakeTimeProvider
    {
        private TaskCompletionSource? next;

        public Task NextWaitAsync() => (next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            next?.TrySetResult();
            return timer;
        }
    }

    private sealed class FakeLibvirt : ILibvirt, IDisposable
    {
        public static readonly Source<LibvirtAnswer> Good = Source<LibvirtAnswer>.Found(
            new("compute1", "10.0.0", "8.2.2", Source<DomainCapabilities>.Found(new DomainCapabilities(true, 410, 99, ["sev"]))));

        private readonly ManualResetEventSlim open = new(initialState: true);
        private readonly TaskCompletionSource resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int conversations;

        public string Subject => "qemu:///system";
        public Source<LibvirtAnswer> Answer { get; set; } = Good;
        public int Conversations => Volatile.Read(ref conversations);
        public Task Resumed => resumed.Task;

        public void Hang() => open.Reset();

        public void Resume() => open.Set();

        public Source<LibvirtAnswer> Ask()
        {
            Interlocked.Increment(ref conversations);
            if (!open.IsSet)
            {
                open.Wait();
                resumed.TrySetResult();
            }

            return Answer;
        }

        public void Dispose()
        {
            // The thread of a conversation that still hangs would wait on a disposed event.
            open.Set();
        }
    }
}
