using OpenStackSev.Control.Tests;
using OpenStackSev.Control.Tests.Persistence;
using Xunit.MicrosoftTestingPlatform;

if (Environment.GetEnvironmentVariable(KilledWriter.Variable) is { } file)
{
    await KilledWriter.WriteAsync(file);
    return 0;
}

return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
